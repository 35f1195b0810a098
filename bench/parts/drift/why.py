# SPDX-License-Identifier: Apache-2.0
"""Why Ockham is behind where it is: the least delay that there can be, and Ockham with one thing changed at a time."""
import subprocess

import bounds
import numpy as np
import ours
import peers
import streams

SHIFTS = (1, 0.5, 0.25, 0.1)
MEANS = [f"mean of one column, {s} sd" for s in SHIFTS]
BEST_SPAN = {1: 32, 0.5: 32, 0.25: 128, 0.1: 250}  # of 32, 128 and 250
# Simulated, of one column; for each shift its rule.
RULES = {
    "CUSUM": lambda shift: bounds.Rule(bounds.cusum_of(shift / 2, False)),
    "ratio": lambda shift, rule=bounds.Rule(bounds.ratio): rule,
    "location, one span": lambda shift: bounds.Rule(bounds.ewma_of((BEST_SPAN[shift],), True)),
    "location": lambda shift, rule=bounds.Rule(bounds.ewma_of((32, 250), True)): rule,
    "all": lambda shift, rule=bounds.Rule(bounds.ewma_of((32, 250), False)): rule,
}
# What is told to watch.c after `rows ewma` or `columns ewma`; how many columns (None: all); the family.
ALONE = {
    "one column": (["columns", "ewma", "10000"], 1, "5 columns"),
    "five columns": (["columns", "ewma", "10000"], None, "5 columns"),
    "five columns, a quarter": (["columns", "ewma", "40000"], None, "5 columns"),
    "autocorrelated": (["columns", "ewma", "10000"], None, "5 columns, autocorrelated"),
}
# The longest span, as long as that of columns would be if the same reference were not sticky: an eighth of its rows.
LONGER = {
    "5 columns, autocorrelated": 250,
    "clusters, sticky": 250,
    "electricity, by days": 600,
}


def watch(words, reference, live):
    command = [ours.os.environ["WATCH"], *words]
    sent = ours.pack(reference, True) + b"".join(ours.pack(x, False) for x in live)
    done = subprocess.run(command, input=sent, capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip())
    return [[int(v) for v in line.split()] for line in done.stdout.decode().split("\n")[1 : len(live) + 1]]


def delay_of(alarms, before):
    return next((a - before for a in alarms if before < a <= before + streams.HORIZON), np.inf)


def trial(words, columns, family):
    """Alarms without drift, and of each scenario's delays median, mean (a miss counts as the horizon) and share of misses."""
    scenarios = [s for s in streams.SCENARIOS if s.family == family]
    n_alarms, delays = 0, {s.name: [] for s in scenarios}
    for r in range(streams.N_REFERENCES):
        reference = streams.reference(family, r)
        live = [(s.name, *streams.stream(s, r + i * streams.N_REFERENCES)) for s in scenarios for i in range(ours.STREAMS_A_REFERENCE)]
        own = [ours.clusters_of(family, reference) if w == "K" else w for w in words]
        some = slice(columns)
        found = watch(own, reference[:, some], [streams.quiet(family, r)[:, some]] + [x[:, some] for _, x, _ in live])
        n_alarms += len(found[0])
        for (name, _, before), alarms in zip(live, found[1:]):
            delays[name].append(delay_of(alarms, before))
    tell = lambda d: {"median": float(np.median(d)), "mean": float(np.minimum(d, streams.HORIZON).mean()), "missed": float(np.isinf(d).mean())}
    return {"alarms": n_alarms, "scenarios": {name: tell(d) for name, d in delays.items()}}


def measure():
    """Each piece is kept by itself."""
    ask = str(ours.RUN_LENGTH)
    return {"simulated": {name: peers.cached(f"why/{name}.pickle", lambda: bounds.ladder(rule_of, ours.RUN_LENGTH, SHIFTS))["value"] for name, rule_of in RULES.items()},
            "alone": {name: peers.cached(f"why/{name}.pickle", lambda: trial(*args))["value"] for name, args in ALONE.items()},
            "longer": {family: peers.cached(f"why/longer, {family}.pickle", lambda: trial(["rows", "ewma", ask, "K", str(window)], None, family))["value"] for family, window in LONGER.items()}}


# ---- the section ----


def rows_of_shifts(found, inputs):
    """Label and mean delays, by SHIFTS."""
    means = lambda trial: [trial["scenarios"][m]["mean"] for m in MEANS]
    measured = lambda name: [inputs[name][m].capped.mean() for m in MEANS]
    part = lambda n: [bounds.cusum_delay(s, n * ours.RUN_LENGTH) for s in SHIFTS]
    simulated, alone = found["simulated"], found["alone"]
    return [
        ("least: CUSUM that knows mean, deviation and shift (Siegmund's formulas), one column", part(1)),
        ("the same with a fifth of the budget, as one of five columns", part(5)),
        ("the same with a twentieth, as one of five columns that have a quarter: Ockham's default", part(20)),
        ("simulated, one column: that CUSUM, mean and deviation from 2,000 rows", simulated["CUSUM"]),
        ("likelihood ratio, shift unknown, the reference grows with the stream", simulated["ratio"]),
        ("location alone, one span: the best of 32, 128, 250", simulated["location, one span"]),
        ("location alone, spans 32 and 250", simulated["location"]),
        ("squares, location and scale, spans 32 and 250: Ockham's statistic", simulated["all"]),
        ("Ockham, nothing but that column", means(alone["one column"])),
        ("Ockham, nothing but the five columns", means(alone["five columns"])),
        ("the same with a quarter of the budget", means(alone["five columns, a quarter"])),
        ("Ockham, default: clusters, distance and directions beside the columns", measured("Ockham")),
        ("River ADWIN, five columns", measured("River ADWIN")),
    ]


def run_length_text(alarms):
    rows = streams.N_REFERENCES * streams.N_QUIET
    return f"{rows / alarms:,.0f}" if alarms else f"> {rows:,}"


def rows_of_stickiness(found, results, inputs):
    for family, trial in found["longer"].items():
        for name, with_longer in trial["scenarios"].items():
            own, adwin = inputs["Ockham"][name].capped.mean(), inputs["River ADWIN"][name].capped.mean()
            yield [name, f"{own:,.0f} ({run_length_text(results['Ockham'][family].quiet_alarms)})",
                   f"{with_longer['mean']:,.0f} ({run_length_text(trial['alarms'])})", str(LONGER[family]), f"{adwin:,.0f}"]

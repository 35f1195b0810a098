# SPDX-License-Identifier: Apache-2.0
"""From the raw results to sweep.md."""
import math
import statistics

from parts import scaling

SAME = 1.001  # an inertia within 0.1 % is the same
AIMS = {"same": 10, "once": 30, "ten": 200, "fit": 2, "silhouette": 30}
ONCE = ("scikit-learn, lloyd", "scikit-learn, elkan")
TEN = ("scikit-learn, lloyd, n_init=10", "scikit-learn, elkan, n_init=10")


# ---- numbers ----


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def times(value):
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def table(header, rows):
    return [f"| {' | '.join(header)} |", "|" + "---|" * len(header), *(f"| {' | '.join(row)} |" for row in rows), ""]


def shape_title(result):
    shape = result["shape"]
    return f"{result['title']}, {shape['n']:,} × {shape['d']}, {shape['dtype']}"


# ---- a peer against ockham ----


class Match:
    """One peer's result beside ockham's: over the k it did, with ockham's whole time."""

    def __init__(self, name, peer, ours, n_ks):
        self.name, self.peer, self.note, self.n_ks = name, peer, peer["note"], n_ks
        self.n_done, self.cut = len(peer["done"]), peer["cut"]
        own = statistics.median(ours["runs"])  # ockham has more runs: minima would favour it
        self.slower = self.whole = None
        if self.note and not self.n_done:
            return
        self.seconds = min(peer["runs"], default=peer["budget"])  # nothing done: at least its budget
        middle = statistics.median(peer["runs"] or [peer["budget"]])
        self.slower = middle / own
        if self.n_done:
            steps = [b - a for a, b in zip([0, *peer["spent"]], peer["spent"])][-3:]
            self.whole = (middle + (n_ks - self.n_done) * statistics.mean(steps)) / own
            ratios = [a / b for a, b in zip(ours["inertia"], peer["inertia"])]
            self.mean = math.exp(statistics.mean(map(math.log, ratios)))
            self.largest = max(ratios)
            self.worse = sum(ratio > SAME for ratio in ratios)  # ockham's is higher
            self.reached = sum(ratio * SAME >= 1 for ratio in ratios)  # the peer's is not higher

    def reaches(self):
        return self.n_done > 0 and self.reached == self.n_done

    def ratio(self):
        """As text: over the k done, and in brackets over all when it was cut."""
        if self.slower is None:
            return "–"
        whole = f" (~{times(self.whole)})" if self.cut and self.whole else ""
        return f"{'≥ ' if self.cut else ''}{times(self.slower)}{whole}"

    def best_guess(self):
        return self.whole or self.slower

    def row(self):
        if self.slower is None:
            return [self.name, self.note, *[""] * 7]
        if not self.n_done:
            return [self.name, f"0 of {self.n_ks}", f"> {seconds(self.seconds)}", "", "≥ " + times(self.slower), *[""] * 4]
        runs = self.peer["runs"]
        return [self.name, f"{self.n_done} of {self.n_ks}" if self.cut else str(self.n_done), seconds(self.seconds),
                f"{seconds(statistics.median(runs))} of {len(runs)}" if len(runs) > 1 else "", self.ratio(), f"{self.mean:.4f}",
                f"{self.largest:.4f}", str(self.worse), f"{self.reached} of {self.n_done}"]


HEADER = ["peer", "k done", "seconds", "median", "× ockham's", "inertia, mean", "largest", "ours worse at", "as good as ours at"]


def matches(result, ours=None):
    return {name: Match(name, peer, ours or result["ours"], len(result["ks"])) for name, peer in result["peers"].items()}


def verdict(match, aim):
    """Whether an aim is reached: by what was measured, or by the estimate for a peer that was cut."""
    if match is None or match.slower is None:
        return "–"
    if match.slower >= aim:
        return "reached"
    return "reached by the estimate" if match.cut and match.whole and match.whole >= aim else "not reached"


def fastest(candidates):
    """By the estimate for all k; one that did less than half as many k as another says too little."""
    candidates = [m for m in candidates if m.slower is not None]
    most = max((m.n_done for m in candidates), default=0)
    return min((m for m in candidates if 2 * m.n_done >= most), key=Match.best_guess, default=None)


def fastest_same(all_matches):
    """The fastest that reaches ockham's inertia at every k, or else at every k it did and that is at least half of them;
    and True. Where there is none: the one that reaches it at the most k, or comes closest; and False."""
    able = [m for m in all_matches.values() if m.n_done]
    for least in (1, 0.5):  # of the k; what a few small k would show is nothing
        group = [m for m in able if m.reaches() and m.n_done >= least * m.n_ks]
        if group:
            return fastest(group), True
    return max(able, key=lambda m: (m.reached / m.n_ks, m.mean, -m.best_guess()), default=None), False


def pick(all_matches, names):
    return fastest([all_matches[name] for name in names if name in all_matches and all_matches[name].n_done])


# ---- the aims of a case ----


def same_inertia_sentence(all_matches, aim):
    match, is_same = fastest_same(all_matches)
    if match is None:
        return "No peer finished a single k."
    if is_same:
        cut = f" of the {match.n_done} k it did" if match.cut else ""
        return (f"Fastest peer with our inertia at every k{cut}: {match.name}, **{match.ratio()}×** "
                f"(aim {aim}: {verdict(match, aim)}).")
    best = fastest([m for m in all_matches.values() if m.n_done])
    cut = f" ({match.n_done} done)" if match.cut else ""
    return (f"No peer reaches our inertia at every k; {match.name} comes closest, at {match.reached} of {match.n_ks}{cut}, "
            f"**{match.ratio()}×** (aim {aim}: {verdict(match, aim)}). The fastest of any inertia: {best.name}, {best.ratio()}×.")


def worse_text(match):
    if match.largest <= 1 + 1e-6:
        return f"our inertia is no higher at any of {match.n_done} k"
    return f"our inertia is higher by more than 0.1 % at {match.worse} of {match.n_done} k, by {100 * (match.largest - 1):.3f} % at most"


def curve_sentences(all_matches):
    yield same_inertia_sentence(all_matches, AIMS["same"])
    for label, names, aim in (("n_init=1", ONCE, AIMS["once"]), ("n_init=10", TEN, AIMS["ten"])):
        match = pick(all_matches, names)
        if match:
            yield (f"scikit-learn {label}, {match.name.split(', ')[1]} (the faster): **{match.ratio()}×** (aim {aim}: "
                   f"{verdict(match, aim)}); {worse_text(match)}.")


def bold(text, reached):
    return f"**{text}**" if reached.startswith("reached") else text


def summary_row(result):
    """The aims of one case in a line."""
    title, row = shape_title(result), ["–"] * 5
    if result["kind"] == "silhouette":
        match = silhouette_match(result)
        return [title, f"2…{result['ks'][-1]}", seconds(silhouette_seconds(result)), "", bold(match.ratio(), verdict(match, 30)),
                "", ""]
    ks = f"{result['ks'][0]}…{result['ks'][-1]}" if len(result["ks"]) > 1 else str(result["ks"][0])
    head = [title, ks, seconds(min(result["ours"]["runs"]))]
    if result["kind"] == "huge":
        return head + ["", huge_match(result).ratio() + " (one k)", "", ""]
    all_matches = matches(result)
    aim = AIMS["fit"] if result["kind"] == "fit" else AIMS["same"]
    match, is_same = fastest_same(all_matches)
    row = [bold(match.ratio() + ("" if is_same else "*"), verdict(match, aim)) if match else "–"]
    for names, limit in ((ONCE, AIMS["once"]), (TEN, AIMS["ten"])):
        match = pick(all_matches, names) or fastest([all_matches[name] for name in names if name in all_matches])
        limit = AIMS["fit"] if result["kind"] == "fit" else limit
        row.append(bold(match.ratio(), verdict(match, limit)) if match else "–")
    ten = pick(all_matches, TEN)
    return head + row + [f"{ten.worse} of {ten.n_done}, {100 * (ten.largest - 1):+.2f} %" if ten else "–"]


SUMMARY = ["case", "k", "ockham, s", "same inertia (aim ≥ 10; fit ≥ 2)", "scikit-learn, n_init=1 (≥ 30; fit ≥ 2)",
           "n_init=10 (≥ 200; fit ≥ 2)", "ours worse than n_init=10 at"]


# ---- sections ----


def runs_text(runs):
    return f"median {seconds(statistics.median(runs))} of {len(runs)} runs" if len(runs) > 1 else "one run"


def work_text(result, limits):
    """What was computed against plain Lloyd, and how close to the machine's limits; "-" while the command does not say."""
    work, shape = result["ours"].get("work"), result["shape"]
    if not work:
        return "Work (distances against plain Lloyd, GFLOP/s, passes over memory): -."
    took = work.get("kernel_seconds") or min(result["ours"]["runs"])
    gflops = 2e-9 * work["distances"] * shape["d"] / took
    parts = [f"{work['distances']:.3g} distances, {100 * work['distances'] / max(work['plain_distances'], 1):.2g} % of plain Lloyd's "
             f"k·n a step over {work['steps']:,} steps", f"{gflops:.1f} GFLOP/s (2 d a distance)"]
    all_threads = limits[max(limits, key=int)] if limits else None
    if all_threads:
        parts[-1] += f", {100 * gflops / all_threads['sgemm']:.0f} % of sgemm"
    gbps = 1e-9 * work["passes"] * shape["bytes"] / min(result["ours"]["runs"])
    parts.append(f"{work['passes']:.4g} passes over the table, {gbps:.1f} GB/s"
                 + (f", {100 * gbps / all_threads['triad']:.0f} % of the triad" if all_threads else ""))
    return "Work: " + "; ".join(parts) + "."


def memory_text(result):
    over, shape = result["ours"]["peak"] - result["shape"]["bytes"], result["shape"]
    a_row = f": {over / shape['n']:.1f} bytes a row" if shape["n"] >= 50_000 else ""  # else it is the program itself
    return f"Peak memory {result['ours']['peak'] / 2**20:,.0f} MiB, {over / 2**20:,.1f} MiB over the input{a_row}."


def peer_rows(all_matches):
    yield from table(HEADER, [match.row() for match in all_matches.values()])
    failed = [f"- {m.name} after k = {m.peer['done'][-1]}: {m.note}." for m in all_matches.values() if m.note and m.n_done]
    yield from [*failed, ""] if failed else []


def curve_section(result, limits):
    ours, all_matches = result["ours"], matches(result)
    yield f"## {shape_title(result)}, k = 1…{result['ks'][-1]}: {seconds(min(ours['runs']))} s"
    yield ""
    yield (f"ockham: {runs_text(ours['runs'])}; the whole process with reading {seconds(ours['process_seconds'])} s. "
           f"{memory_text(result)} Its own inertias agree with the recomputed to {ours['reported_off']:.0e}.")
    yield ""
    yield from peer_rows(all_matches)
    yield from (f"- {line}" for line in curve_sentences(all_matches))
    yield f"- {work_text(result, limits)}"
    yield ""


def fit_section(result, _limits):
    ours, once, k = result["ours"], result["ours_once"], result["ks"][0]
    all_matches = matches(result)
    yield f"## {shape_title(result)}, k = {k}: {seconds(min(ours['runs']))} s"
    yield ""
    yield (f"ockham, plain `fit`: {runs_text(ours['runs'])}. With `--restarts 1`: {seconds(min(once['runs']))} s "
           f"({runs_text(once['runs'])}), inertia {once['inertia'][0] / ours['inertia'][0]:.4f} of plain's.")
    yield ""
    yield from peer_rows(all_matches)
    match, is_same = fastest_same(all_matches)
    any_peer = fastest([m for m in all_matches.values() if m.n_done])
    if match is None:
        yield "- No peer finished within its budget."
    elif is_same:
        yield f"- Fastest peer with our inertia: {match.name}, **{match.ratio()}×** (aim {AIMS['fit']}: {verdict(match, AIMS['fit'])})."
    else:
        yield f"- No peer reaches our inertia; the closest: {match.name}, {match.ratio()}×."
    if any_peer:
        against_once = Match(any_peer.name, any_peer.peer, once, 1)
        yield (f"- The fastest of any inertia: {any_peer.name}, **{any_peer.ratio()}×** plain `fit` (aim {AIMS['fit']}: "
               f"{verdict(any_peer, AIMS['fit'])}), {against_once.ratio()}× `--restarts 1`, whose inertia is "
               f"{against_once.mean:.4f} of its.")
    yield ""


def silhouette_seconds(result):
    """Difference of the minima: the least of the differences would count noise in ockham's favour. Where noise exceeds the
    difference, everything counts."""
    difference = min(result["with"]) - min(result["without"])
    return difference if difference > 0 else min(result["with"])


def silhouette_match(result):
    peer = result["peer"] | {"note": "", "budget": 0, "inertia": [1.0] * len(result["peer"]["done"])}
    ours = {"runs": [silhouette_seconds(result)], "inertia": [1.0] * len(result["ks"])}
    return Match("scikit-learn", peer, ours, len(result["ks"]))


def silhouette_section(result, _limits):
    match = silhouette_match(result)
    yield f"## {shape_title(result)}, k = 2…{result['ks'][-1]}: {seconds(silhouette_seconds(result))} s"
    yield ""
    yield (f"ockham: its sweep with exact silhouettes, {seconds(min(result['with']))} s, less the same sweep without, "
           f"{seconds(min(result['without']))} s; the minima of {len(result['with'])} alternated runs each. scikit-learn: "
           f"`silhouette_score` for ockham's labels of each k, given to it: {match.n_done} of {match.n_ks} k in "
           f"{seconds(match.seconds)} s{', each k costs the same' if match.cut else ''}. The values agree to "
           f"{result['value_off']:.0e}.")
    yield ""
    yield f"- **{match.ratio()}×** (aim {AIMS['silhouette']}: {verdict(match, AIMS['silhouette'])})."
    whole = Match("", match.peer, {"runs": [min(result["with"])], "inertia": [1.0] * match.n_ks}, match.n_ks)
    yield f"- Sweep and silhouettes together against that loop, which has no fits in it: {whole.ratio()}×."
    yield ""


def huge_match(result):
    return Match("scikit-learn, lloyd", result["peer"], {"runs": result["ours"]["runs"], "inertia": [result["ours"]["inertia"][-1]]}, 1)


def huge_section(result, limits):
    match, ours, k = huge_match(result), result["ours"], result["ks"][-1]
    yield f"## {shape_title(result)}, k = 1…{k}: {seconds(ours['runs'][0])} s"
    yield ""
    yield f"ockham alone, one run; the whole process with reading {seconds(ours['process_seconds'])} s."
    yield ""
    yield f"- {memory_text(result)} Aim: at most 24 bytes a row and a little."
    if match.n_done:
        yield (f"- For scale, one fit of scikit-learn (lloyd, n_init=1) at k = {k}: {seconds(match.seconds)} s, {match.ratio()}× "
               f"ockham's time for every k; ockham's inertia there is {match.mean:.4f} of its.")
    else:
        yield f"- For scale, one fit of scikit-learn (lloyd, n_init=1) at k = {k} was not done after {seconds(match.peer['budget'])} s."
    yield f"- {work_text(result, limits)}"
    yield ""


def scaling_section(result, _limits):
    yield "## Scaling"
    yield ""
    yield ("ockham's seconds, float32 blobs of 20 clusters with the same overlap for every d, the least of up to three runs; "
           "slope: log of the time's ratio over log of the value's, 1 is in proportion.")
    yield ""
    yield "![time against n, d and K](sweep-scaling.svg)"
    yield ""
    for name, (title, _) in scaling.SERIES.items():
        points = result["series"].get(name, [])
        slopes = [""] + [f"{math.log(b / a) / math.log(y / x):.2f}" if a and b else "–" for (x, a), (y, b) in zip(points, points[1:])]
        yield from table([f"**{title}**", *(f"{v:,}" for v, _ in points)],
                         [["seconds", *(seconds(s) if s else "–" for _, s in points)], ["slope", *slopes]])
        yield from explanations(name)
    if result["threads"]:
        counts = list(result["threads"][0]["seconds"])
        rows = []
        for entry in result["threads"]:
            n, d, k = entry["shape"]
            took = [entry["seconds"][t] for t in counts]
            gain = f"{took[0] / took[-1]:.2f}" if all(took) else "–"
            rows.append([f"{n:,} × {d}, K = {k}", *(seconds(t) if t else "–" for t in took), gain])
        yield from table(["**threads**", *counts, "gain"], rows)
        yield from explanations("threads")


def explanations(name):
    lines = scaling.EXPLANATIONS.get(name, [])
    return [*(f"- {line}" for line in lines), ""] if lines else []


SECTIONS = {"curve": curve_section, "fit": fit_section, "silhouette": silhouette_section, "huge": huge_section,
            "scaling": scaling_section}


# ---- the whole ----


def head(raw):
    who, limits = raw["machine"], raw["limits"]
    yield "# The whole curve"
    yield ""
    yield (f"- Machine: {who['cpu']}, {who['cores']} cores ({who['caches']}; {who['memory_gib']:.0f} GiB), load average "
           f"{who['load']:.1f} at the start. {who['ockham']}, commit {who['commit']}; {', '.join(who['versions'])}.")
    took = f"{raw['took'] / 60:.0f} minutes" if raw["took"] >= 90 else f"{raw['took']:.0f} s"
    yield f"- Command: `{raw['command']}`, {who['date']}, {took}{'' if raw['complete'] else '; **not complete**'}."
    if limits:
        per = "; ".join(f"{t} thread{'s' * (t != '1')}: triad {v['triad']:.1f} GB/s, sgemm {v['sgemm']:.0f}, dgemm {v['dgemm']:.0f} GFLOP/s"
                        for t, v in limits.items())
        yield f"- Limits measured in this run (STREAM triad, numpy's OpenBLAS): {per}."
    yield ("- Time: that of the fits in the process, without starting, reading and converting. ockham: `ockham clusters TABLE.npy --k-max K "
           "--scale none --no-silhouette --json`, its `seconds`. Minimum and median of the runs, ockham and peers in turn; ratios are "
           "of medians. Runs that take long are fewer, their number is stated. All use the same threads (R's kmeans has one) and dtype (faiss has only "
           "float32, mlpack and R only float64).")
    yield ("- Cut: a peer has a budget a case. When it is spent, the comparison is over the k it did, while ockham's *whole* sweep "
           "counts against it: ≥ a ratio. In brackets ~ an estimate for all k, the missing ones at the mean of its last three.")
    yield ("- Inertia: for everybody, ockham too, recomputed in float64 from the centres, outside the clock. Columns: ockham's over the "
           "peer's, geometric mean and largest over k; at how many k ours is more than 0.1 % higher; at how many the peer's is not.")
    yield "- `OMP_WAIT_POLICY=passive`, with which the peers are faster on a machine that does anything else."
    yield ""


def render(raw):
    lines = list(head(raw))
    measured = [r for r in raw["cases"].values() if "error" not in r]
    rows = [summary_row(r) for r in measured if r["kind"] in ("curve", "fit", "huge", "silhouette")]
    if rows:
        lines += ["## The aims", "", *table(SUMMARY, rows)]
        lines += ["Times ockham's time; seconds: the minimum. Bold: the aim is reached, by what was measured or by the estimate. \\* no peer reaches ockham's inertia at every k: the one that comes "
                  "closest. Silhouettes (aim ≥ 30): scikit-learn's loop.", ""]
    for name, result in raw["cases"].items():
        if "error" in result:
            lines += [f"## {name}: failed", "", f"`{result['error']}`", ""]
        else:
            lines += SECTIONS[result["kind"]](result, raw["limits"])
            lines += [f"Measured again later: {result['again']}.", ""] if "again" in result else []
    return "\n".join(lines).rstrip() + "\n"

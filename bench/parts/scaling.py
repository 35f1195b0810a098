# SPDX-License-Identifier: Apache-2.0
"""How ockham's time grows with n, d, K and threads: tables, and a plot of the first three."""
import os

from parts import cases, machine, tables

K = 20
SERIES = {  # name: (what is varied, (value, n, d, K) for each point)
    "n": ("rows n, d = 8, K = 20", [(10**e, 10**e, 8, K) for e in (4, 5, 6, 7)]),
    "d": ("columns d, n = 20,000, K = 20", [(d, 20_000, d, K) for d in (2, 4, 8, 16, 32, 64, 128, 256, 512)]),
    "K": ("largest k, n = 100,000, d = 8", [(k, 100_000, 8, k) for k in (5, 10, 20, 50, 100, 200)]),
}
THREAD_SHAPES = [(100_000, 8, K), (1_000_000, 8, K), (20_000, 256, K)]

# A sentence for each bend of a series, to be written from the numbers: {"n": ["..."], ...}; --render takes them up.
EXPLANATIONS = {
    "n": ["Up to 50,000 rows all are searched; beyond, 25,000 of them are, and the others only add to the finishing and the exact passes: the "
          "slope falls to a half. At ten million rows these passes are nearly all there is, in proportion to the rows."],
    "d": ["Below 8 columns it is the comparison of distances that costs, not their coordinates. From 64 columns on (1.28 million values) fits no "
          "longer go on until no label changes, which makes up for the longer rows; from 128 on a part of the rows holds the million values "
          "that are enough to search on, and so it takes less; then the exact passes over all rows grow with the columns."],
    "K": ["The table has 20 clusters. Beyond them k cuts into Gaussian clouds, where a panel has several centres within reach and bounds spare little; "
          "then each further k costs steps of k distances a row, and the whole curve goes with the square of K."],
    "threads": ["Not shared: the choice of rows for cuts, the sums of the blocks, and steps so small that waking the other thread takes as long."],
}


def make_table(folder, n, d):
    """float32 blobs whose overlap is the same for every d: distances between centres grow as the root of d."""
    path = f"{folder}/scaling-{n}-{d}.npy"
    if not os.path.exists(path):
        tables.blobs(path, n, d, K, 2.5 * (d / 8) ** 0.5, "f4")
    return path


def time_sweep(ours, folder, n, d, k, threads, budget):
    """The least of up to three runs; None when the time is up."""
    if budget.left() < 2:
        return None
    table, runs = make_table(folder, n, d), []
    while not runs or (len(runs) < 3 and runs[0] < 0.01 * budget.left()):
        runs.append(ours.sweep(table, k, threads=threads, timeout=budget.left() + 120)["seconds"])
    cases.say(f"    {n:,} x {d}, K = {k}, {threads} threads: {min(runs):.3f} s")
    return min(runs)


def measure(ours, seconds, folder):
    budget, result = cases.Budget(seconds), {"kind": "scaling", "series": {}, "threads": []}
    last_n = SERIES["n"][1][-1]
    points = [(name, point) for name, (_, all_points) in SERIES.items() for point in all_points if point != last_n]
    for name, (value, n, d, k) in points + [("n", last_n)]:  # the largest last
        before = result["series"].get("n", [])
        hopeless = (value, n, d, k) == last_n and before and 12 * (before[-1][1] or 1e9) > 1.5 * budget.left()
        took = None if hopeless else time_sweep(ours, folder, n, d, k, machine.THREADS, budget)
        result["series"].setdefault(name, []).append([value, took])
        if (name, value) == ("K", SERIES["K"][1][-1][0]):
            measure_threads(ours, budget, folder, result)
    return result


def measure_threads(ours, budget, folder, result):
    for n, d, k in THREAD_SHAPES:
        times = {str(t): time_sweep(ours, folder, n, d, k, t, budget) for t in sorted({1, machine.THREADS})}
        result["threads"].append({"shape": [n, d, k], "seconds": times})


def plot(result, path):
    """Log-log, each series in a panel with a line of slope 1 through its first point."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams |= {"svg.fonttype": "none", "font.size": 9, "svg.hashsalt": "ockham", "axes.spines.top": False,
                     "axes.spines.right": False}
    figure, axes = plt.subplots(1, len(SERIES), figsize=(10, 3.2), layout="constrained")
    for axis, (name, (title, _)) in zip(axes, SERIES.items()):
        points = [(v, s) for v, s in result["series"].get(name, []) if s]
        axis.set(title=title, xlabel=name, ylabel="seconds", xscale="log", yscale="log")
        if not points:
            continue
        x, y = zip(*points)
        axis.plot(x, [y[0] * v / x[0] for v in x], color="#bbbbbb", linewidth=1, linestyle="--", label="in proportion")
        axis.plot(x, y, color="#1f5fa8", marker="o", markersize=4, label="ockham")
        axis.set_xticks(x, [f"{v:,}" if v < 10_000 else f"10{'⁴⁵⁶⁷'[len(str(v)) - 5]}" for v in x])
        axis.minorticks_off()
        axis.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)

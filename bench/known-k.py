# SPDX-License-Identifier: Apache-2.0
"""How often is the answer right? ockham and scikit-learn on tables whose number of clusters is known.

Both get the same columns, scaled alike, and the same range of k; the criteria are written here a second time in numpy,
from their papers. Writes known-k.md beside this file."""
import csv
import json
import math
import os
import pathlib
import platform
import subprocess
import sys
import time

import kneed
import numpy as np
import sklearn
from sklearn import metrics
from sklearn.cluster import KMeans

HERE = pathlib.Path(__file__).parent
DATA = HERE / "../../shared/data/known-k"
OCKHAM = os.environ.get("OCKHAM", str(HERE / "../build/ockham"))
SCALE_RATIO = 10  # standardise when standard deviations differ by more, as `ockham --scale auto` says
MANY_ROWS = 20000  # beyond: one start for the peer, and no silhouette for either
CRITERIA = ["bic", "bic-goxmeans", "elbow", "silhouette", "calinski-harabasz", "davies-bouldin"]
TITLES = ["BIC", "BIC of goxmeans", "elbow", "silhouette", "CH", "DB"]


# ---- ockham ----


def run_ockham(path, labelled, *options):
    """Its JSON, and the wall seconds of the whole process."""
    command = [OCKHAM, "clusters", str(path), "--criterion", "bic", "--json", "--quiet", *options]
    if labelled:
        command += ["--label-column", "label"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout), time.perf_counter() - start


# ---- the same formulas again ----


def least_variance(x):
    """Rounding to a grid of step g has variance g^2 / 12 (Sheppard): no cluster is credited with less."""
    varying = x[:, np.ptp(x, axis=0) > 0].T
    steps = np.array([np.diff(np.unique(column)).min() for column in varying])
    return max(np.square(steps).mean() / 12, 1e-14 * varying.var(axis=1).mean())


class Clustering:
    """Sizes and sums of squares of one labelling."""

    def __init__(self, x, labels):
        self.n, self.d = len(x), int((np.ptp(x, axis=0) > 0).sum())
        self.k = int(labels.max()) + 1
        self.sizes = np.bincount(labels, minlength=self.k).astype(float)
        sums = np.stack([np.bincount(labels, weights=column) for column in x.T], axis=1)
        squares = np.square(x - (sums / self.sizes[:, None])[labels]).sum(axis=1)
        self.within = np.bincount(labels, weights=squares)
        self.inertia = self.within.sum()


def bic(c, floor):
    """2 ln L - p ln n of the better of two models by classification likelihood: spherical Gaussians with one variance
    (EII) or one a cluster (VII)."""
    mixing = (c.sizes * np.log(c.sizes / c.n)).sum()

    def log_density(count, squares):
        variance = np.maximum(squares / count, floor)
        return -0.5 * (count * np.log(2 * np.pi * variance) + squares / variance)

    shared = 2 * (mixing + log_density(c.n * c.d, c.inertia)) - c.k * (c.d + 1) * math.log(c.n)
    if c.sizes.min() < 5:
        return shared
    own = 2 * (mixing + log_density(c.sizes * c.d, c.within).sum()) - (c.k * (c.d + 2) - 1) * math.log(c.n)
    return max(shared, own)


def bic_goxmeans(c):
    variance = np.where(c.sizes > 1, c.within / np.maximum(c.sizes - 1, 1), 0)
    variance[variance == 0] = 5e-324
    terms = c.sizes * np.log(c.sizes / c.n) - c.sizes * c.d / 2 * np.log(2 * np.pi * variance) - (c.sizes - 1) / 2
    return terms.sum() - c.k * (c.d + 1) / 2 * math.log(c.n)


def measure(x, labels, floor):
    """The value of every criterion for one labelling; NaN where it is undefined or was left out."""
    c = Clustering(x, labels)
    values = {"k": c.k, "inertia": c.inertia, "bic": bic(c, floor), "bic-goxmeans": bic_goxmeans(c)}
    values |= dict.fromkeys(("silhouette", "calinski-harabasz", "davies-bouldin"), math.nan)
    if 1 < c.k < c.n:
        values["calinski-harabasz"] = metrics.calinski_harabasz_score(x, labels)
        values["davies-bouldin"] = metrics.davies_bouldin_score(x, labels)
        if c.n <= MANY_ROWS:
            values["silhouette"] = metrics.silhouette_score(x, labels)
    return values


def choose(curve, criterion):
    """The k a criterion chooses on a curve; None when it chooses none."""
    k = [point["k"] for point in curve]
    if criterion == "elbow":
        knee = kneed.KneeLocator(k, [p["inertia"] for p in curve], curve="convex", direction="decreasing").knee
        return int(knee) if knee else None
    sign = -1 if criterion == "davies-bouldin" else 1
    values = [sign * point[criterion] for point in curve]
    return None if all(map(math.isnan, values)) else k[int(np.nanargmax(values))]


def run_peer(x, k_max):
    """KMeans for every k, then the criteria: its curve and the seconds it took."""
    start = time.perf_counter()
    floor = least_variance(x)
    starts = 1 if len(x) > MANY_ROWS else 10
    fits = (KMeans(k, n_init=starts, random_state=0).fit(x) for k in range(1, k_max + 1))
    curve = [measure(x, fit.labels_, floor) for fit in fits]
    return curve, time.perf_counter() - start


# ---- one set ----


def read_table(path, labelled):
    x = np.genfromtxt(path, delimiter=",", skip_header=1, dtype=str)
    x = (x[:, :-1] if labelled else x).astype(float)
    spread = x.std(axis=0)
    varying = spread[spread > 0]
    standardise = varying.max() / varying.min() > SCALE_RATIO
    return ((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1) if standardise else x), standardise


def same(a, b, tolerance=1e-9):
    return abs(a - b) <= tolerance * max(abs(a), abs(b))


def compare_values(ours, theirs):
    """Where both found the same optimum the values must agree: how many were compared, largest relative difference."""
    differences = [0.0]
    for a, b in zip(ours, theirs):
        if same(a["inertia"], b["inertia"]):
            for name in CRITERIA:
                value = a.get(name)
                if value is not None and not math.isnan(b.get(name, math.nan)):
                    differences.append(abs(value - b[name]) / max(abs(b[name]), 1e-300))
    return len(differences) - 1, max(differences)


def run_set(row):
    labelled, true_k = row["labelled"] == "1", int(row["true_k"])
    path = DATA / f"{row['name']}.csv"
    k_max = max(20, 2 * true_k)
    x, standardised = read_table(path, labelled)
    default, _ = run_ockham(path, labelled)
    ours, our_seconds = run_ockham(path, labelled, "--k-max", str(k_max))
    assert (ours["scale"] == "standard") == standardised and ours["n_columns"] == x.shape[1], row["name"]
    curve, peer_seconds = run_peer(x, k_max)
    return {
        "name": row["name"] + ("*" if standardised else ""),
        "n": len(x),
        "d": x.shape[1],
        "true": true_k,
        "default": default["k"],
        "ours": {c: ours["criteria"][c] for c in CRITERIA},
        "our_seconds": our_seconds,
        "our_curve": ours["curve"],
        "peer": {c: choose(curve, c) for c in CRITERIA},
        "peer_seconds": peer_seconds,
        "peer_curve": curve,
        "compared": compare_values(ours["curve"], curve),
    }


# ---- the report ----


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def cell(k, true_k):
    """Right answers in bold."""
    return "–" if k is None else f"**{k}**" if k == true_k else str(k)


def table(results):
    lines = [
        "| | | | | ockham | " + "| " * 7 + "| scikit-learn | " + "| " * 6 + "|",
        "|" + "---|" * 19,
        "| **set** | **n** | **d** | **true k** | answer, default range | " + " | ".join(TITLES) + " | seconds | "
        + " | ".join(TITLES) + " | seconds |",
    ]
    for r in results:
        ours = [cell(r["ours"][c], r["true"]) for c in CRITERIA]
        peer = [cell(r["peer"][c], r["true"]) for c in CRITERIA]
        lines.append(
            f"| {r['name']} | {r['n']} | {r['d']} | {r['true']} | {cell(r['default'], r['true'])} | "
            + " | ".join(ours) + f" | {r['our_seconds']:.2f} | " + " | ".join(peer) + f" | {r['peer_seconds']:.1f} |")
    n_right = lambda who: [str(sum(r[who][c] == r["true"] for r in results)) for c in CRITERIA]
    lines.append(
        f"| **right of {len(results)}** | | | | {sum(r['default'] == r['true'] for r in results)} | "
        + " | ".join(n_right("ours")) + f" | {sum(r['our_seconds'] for r in results):.1f} | "
        + " | ".join(n_right("peer")) + f" | {sum(r['peer_seconds'] for r in results):.0f} |")
    return lines


def inertia_at(curve, k):
    return next((p["inertia"] for p in curve if p["k"] == k), math.nan)


def explain_at(r, k):
    """Whose optimum is lower at k."""
    ours, theirs = inertia_at(r["our_curve"], k), inertia_at(r["peer_curve"], k)
    if math.isnan(ours) or math.isnan(theirs):
        return f"not both have k = {k}"
    if same(ours, theirs):
        return f"same inertia at {k}"
    lower, by = ("ockham", theirs / ours - 1) if ours < theirs else ("scikit-learn", ours / theirs - 1)
    return f"at {k} {lower}'s inertia is lower by {100 * by:.2g} %"


def explain_differences(r):
    lines = []
    for c, title in zip(CRITERIA, TITLES):
        a, b = r["ours"][c], r["peer"][c]
        if a == b or None in (a, b):
            continue
        # A knee moves with the whole curve, both ends of it included.
        reason = "; ".join(explain_at(r, k) for k in sorted((a, b)))
        right = "ockham is right" if a == r["true"] else "scikit-learn is right" if b == r["true"] else "neither is right"
        lines.append(f"- {r['name']}, {title}: {a} and {b} (true: {r['true']}; {right}): {reason}.")
    return lines


def count_lower(results):
    """At how many k each has the clearly lower inertia."""
    ours = theirs = points = 0
    for r in results:
        for a, b in zip(r["our_curve"], r["peer_curve"]):
            points += 1
            ours += a["inertia"] < b["inertia"] * (1 - 1e-6)
            theirs += b["inertia"] < a["inertia"] * (1 - 1e-6)
    return points, ours, theirs


def report(results, load, wall_seconds):
    version = subprocess.run([OCKHAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    points, lower, higher = count_lower(results)
    n_values = sum(r["compared"][0] for r in results)
    worst = max(r["compared"][1] for r in results)
    lines = [
        "# Known number of clusters: ockham and scikit-learn",
        "",
        f"- Machine: {cpu_model()}, {os.cpu_count()} cores, load average {load:.1f} at the start.",
        f"- Versions: {version}; scikit-learn {sklearn.__version__}, numpy {np.__version__}, kneed {kneed.__version__}, "
        f"Python {platform.python_version()}.",
        f"- Command: `bench/run known-k`, {time.strftime('%Y-%m-%d')}, {wall_seconds:.0f} s in all.",
        "- Range: k = 1 to the larger of 20 and twice the true k, and for the first column, its answer as a user gets it, what "
        "ockham picks itself.",
        "- scikit-learn: `KMeans(k, n_init=10, random_state=0)` (birch1: `n_init=1`) for every k, then the same formulas "
        "in numpy, `sklearn.metrics` and kneed; `OMP_WAIT_POLICY=passive`, with which it is faster.",
        "- A star: both standardised the columns. Bold: right. A dash: not computed (silhouette of birch1) or no answer.",
        "- Seconds: ockham with reading and starting the process; scikit-learn without reading and imports. Other work ran beside "
        "both: compare magnitudes.",
        f"- Inertia at {points} pairs of set and k: ockham's is lower at {lower}, scikit-learn's at {higher}, the others "
        "agree to 1e-6.",
        f"- Where both found the same optimum, {n_values} values of criteria agree to a relative {worst:.1g}.",
        "",
        *table(results),
        "",
        "## Where the two disagree",
        "",
        "The formulas are the same, so each difference comes from the clusterings:",
        "",
        *[line for r in results for line in explain_differences(r)],
    ]
    return "\n".join(lines) + "\n"


def main():
    names = sys.argv[1:]
    if not (DATA / "index.csv").exists():
        sys.exit(f"known-k: the data sets are not in {DATA.resolve()}")
    start, load = time.perf_counter(), os.getloadavg()[0]
    with open(DATA / "index.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not names or row["name"] in names]
    results = []
    for row in rows:
        print(row["name"], file=sys.stderr, flush=True)
        results.append(run_set(row))
    text = report(results, load, time.perf_counter() - start)
    if names:
        print(text)  # a part is for looking at
    else:
        (HERE / "known-k.md").write_text(text)


main()

# SPDX-License-Identifier: Apache-2.0
"""X-means and G-means: which k, beside ockham's BIC and the same methods in ClustPy and pyclustering; rows without clusters;
clusters that are round or long; and how often the test of G-means rejects normal rows. `bench/run splits` writes splits.md."""
import argparse
import csv
import datetime
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import warnings

import numpy as np
from scipy.special import log_ndtr

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data" / "known-k"
OCKHAM = os.environ["OCKHAM"]
PATIENCE = 60  # seconds for one fit of a peer
OURS = {
    "BIC": [],
    "X-means": ["x-means"],
    "X-means from 2": ["x-means", "--k-min", "2"],
    "as printed from 2": ["x-means", "--k-min", "2", "--bic", "printed"],
    "G-means": ["g-means"],
}
MIXTURES = ["--criterion", "mixture"]
PEERS = ("ClustPy X-means from 1", "ClustPy X-means from 2", "ClustPy G-means", "pyclustering X-means from 1", "pyclustering G-means")


# ---- which k ----


def ockham(path, method):
    """Its k, and the seconds of the process; of `clusters` unless a method of `fit` is named."""
    started = time.perf_counter()
    if not method or method[0].startswith("--"):
        command = [OCKHAM, "clusters", path, "--scale", "none", "--json", "--quiet", "--no-silhouette", *(method or ["--criterion", "bic"])]
        k = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["k"]
    else:
        command = [OCKHAM, "fit", path, "--scale", "none", "--method", *method]
        k = int(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()[0])
    return k, time.perf_counter() - started


def out_of_patience(*_):
    raise TimeoutError


def peer(name, x):
    import clustpy.partition as clustpy
    from pyclustering.cluster.gmeans import gmeans
    from pyclustering.cluster.xmeans import xmeans

    started = time.perf_counter()
    signal.signal(signal.SIGALRM, out_of_patience)
    signal.alarm(PATIENCE)
    try:
        if name == "ClustPy G-means":
            k = clustpy.GMeans(significance=0.0001, max_n_clusters=256, random_state=0).fit(x).n_clusters_
        elif name.startswith("ClustPy"):
            k = clustpy.XMeans(n_clusters_init=int(name[-1]), max_n_clusters=256, random_state=0).fit(x).n_clusters_
        else:
            rows = x.tolist()
            method = gmeans(rows, random_state=0, k_max=256) if "G-means" in name else xmeans(rows, [x.mean(axis=0).tolist()], 256, random_state=0)
            k = len(method.process().get_clusters())
    except TimeoutError:
        return None, PATIENCE
    finally:
        signal.alarm(0)
    return k, time.perf_counter() - started


def read(path):
    with open(path) as file:
        rows = list(csv.reader(file))
    label = rows[0].index("label") if "label" in rows[0] else -1
    x = np.array([[float(v) for i, v in enumerate(row) if i != label] for row in rows[1:]])
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / spread if spread.max() > 10 * spread.min() else x


def compare_sets(folder):
    with open(DATA / "index.csv") as file:
        index = [(row["name"], int(row["true_k"])) for row in csv.DictReader(file)]
    results = []
    for name, true in index:
        x = read(DATA / f"{name}.csv")
        np.save(f"{folder}/x.npy", x)
        row = {method: ockham(f"{folder}/x.npy", options) for method, options in OURS.items()}
        row |= {method: peer(method, x) if len(x) <= 3000 else (None, 0) for method in PEERS}
        results.append((name, true, row))
        print(name, true, {method: k for method, (k, _) in row.items()}, flush=True)
    return results


# ---- no clusters ----


def nulls(draws, folder):
    rng = np.random.default_rng(0)
    kinds = {
        "Gaussian, round": (lambda n, d: rng.normal(size=(n, d)), [(d, n) for d in (2, 10, 32, 100) for n in (100, 1000)]),
        "Gaussian, long": (lambda n, d: rng.normal(size=(n, d)) * np.geomspace(1, 10, d), [(2, 100), (2, 1000)]),
        "Gaussian, to a tenth": (lambda n, d: np.round(rng.normal(size=(n, d)), 1), [(2, 1000), (2, 10000)]),
        "Gaussian, to whole numbers": (lambda n, d: np.round(rng.normal(size=(n, d))), [(2, 100), (2, 1000)]),
        "uniform in a square": (lambda n, d: rng.uniform(size=(n, d)), [(2, 100), (2, 1000), (2, 10000)]),
        "t with 5 degrees of freedom": (lambda n, d: rng.standard_t(5, size=(n, d)), [(2, 100), (2, 1000), (2, 10000)]),
        "exponential": (lambda n, d: rng.exponential(size=(n, d)), [(2, 100), (2, 1000)]),
    }
    results = []
    for kind, (draw, shapes) in kinds.items():
        for d, n in shapes:
            count = draws if kind == "Gaussian, round" and d <= 10 else draws // 5
            answers = {method: [] for method in OURS}
            for _ in range(count):
                np.save(f"{folder}/null.npy", draw(n, d))
                for method, options in OURS.items():
                    if "from 2" not in method:  # those cannot say 1
                        answers[method].append(ockham(f"{folder}/null.npy", options)[0])
            results.append((kind, n, d, count, {m: (np.mean(np.array(a) == 1), np.median(a), max(a)) for m, a in answers.items() if a}))
            print(results[-1], flush=True)
    return results


# ---- clusters by design ----


def draw_centres(rng, k, d, apart):
    """k places in a cube, no two nearer than `apart`; the cube is as small as that allows."""
    half = apart * max(1, k ** (1 / d)) * 0.5
    while True:
        centres = []
        for _ in range(100 * k):
            c = rng.uniform(-half, half, d)
            if all(np.linalg.norm(c - other) >= apart for other in centres):
                centres.append(c)
            if len(centres) == k:
                return np.array(centres)
        half *= 1.1


def designed(draws, folder):
    rng = np.random.default_rng(1)
    results = []
    for shape in ("round", "long"):
        for d in (2, 8, 32):
            for k in (5, 20, 80):
                methods = OURS | ({"BIC of mixtures": MIXTURES} if d <= 8 and k <= 20 else {})
                answers = {method: [] for method in methods}
                for _ in range(draws):
                    rows = []
                    for c in draw_centres(rng, k, d, max(6, 2 * np.sqrt(d))):
                        turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
                        deviations = np.geomspace(0.2, 1, d) if shape == "long" else np.ones(d)
                        rows.append(c + rng.normal(size=(100, d)) * deviations @ turn)
                    np.save(f"{folder}/designed.npy", np.vstack(rows))
                    for method, options in methods.items():
                        answers[method].append(ockham(f"{folder}/designed.npy", options)[0])
                results.append((shape, d, k, {m: (np.mean(a), np.std(a)) for m, a in answers.items()}))
                print(results[-1], flush=True)
    return results


# ---- the test ----


def rejections(draws):
    """How often normal rows exceed 1.8692 with the factor of the paper, and with that of D'Agostino & Stephens."""
    rng = np.random.default_rng(2)
    results = []
    for n in (8, 10, 20, 50, 200):
        i, counts, total = np.arange(1, n + 1), np.zeros(2), 0
        while total < draws:
            x = np.sort(rng.standard_normal((1_000_000 // n, n)), axis=1)
            z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, ddof=1, keepdims=True)
            a = -n - ((2 * i - 1) * log_ndtr(z) + (2 * (n - i) + 1) * log_ndtr(-z)).sum(axis=1) / n
            counts += [(a * (1 + 4 / n - 25 / n**2) > 1.8692).sum(), (a * (1 + 0.75 / n + 2.25 / n**2) > 1.8692).sum()]
            total += len(x)
        results.append((n, total, *(counts / total)))
        print(results[-1], flush=True)
    return results


# ---- the page ----


def right(name, k, true):
    return k == true or (name == "iris" and k in (2, 3))  # two of the three species are one cloud


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *("| " + " | ".join(row) + " |" for row in rows), ""]


def render(sets, null, design, tests, started):
    names = list(OURS) + list(PEERS)
    cell = lambda name, k, true: "–" if k is None else f"**{k}**" if right(name, k, true) else str(k)
    rows = [[name, str(true), *(cell(name, row[m][0], true) for m in names)] for name, true, row in sets]
    done = {m: [s for s in sets if s[2][m][0] is not None] for m in names}
    rows.append(["**right**", str(len(sets)), *(f"{sum(right(n, r[m][0], t) for n, t, r in done[m])} of {len(done[m])}" for m in names)])
    rows.append(["seconds", "", *(f"{sum(r[m][1] for n, _, r in sets if n != 'birch1'):.1f}" for m in names)])
    lines = [
        "# X-means and G-means: which k", "",
        f"- {subprocess.run([OCKHAM, '--version'], capture_output=True, text=True).stdout.strip()}; ClustPy 0.0.2, pyclustering 0.10.1.2, numpy {np.__version__}.",
        f"- Command: `bench/run splits`, {datetime.date.today()}, {time.monotonic() - started:.0f} s.",
        "- BIC is `ockham clusters`; the other columns before ClustPy are `ockham fit --method`. All on standardised columns where `ockham clusters` standardises.",
        f"- Peers: at most 256 clusters, {PATIENCE} s a fit, and no set of more than 3,000 rows (a dash). Seconds are sums without birch1, ockham's with reading.",
        "- Bold: right. iris counts as right with 2 or 3.", "",
        *table(["set", "true k", *names], rows),
        "## No clusters", "", "How often the answer is 1, its median, and the largest.", "",
    ]
    methods = [m for m in OURS if "from 2" not in m]
    lines += table(["rows", "n", "d", "draws", *methods],
                   [[kind, str(n), str(d), str(count), *(f"{100 * a[m][0]:.1f} %, {a[m][1]:.0f}, {a[m][2]}" for m in methods)] for kind, n, d, count, a in null])
    lines += ["## Clusters by design", "", "100 rows a cluster, centres at least max(6, 2 √d) apart, deviations of 1, or from 0.2 to 1 along random axes. Mean and standard deviation of k.", ""]
    columns = [*OURS, "BIC of mixtures"]
    lines += table(["clusters", "d", "true k", *columns],
                   [[shape, str(d), str(k), *(f"{a[m][0]:.1f} ± {a[m][1]:.1f}" if m in a else "–" for m in columns)] for shape, d, k, a in design])
    lines += ["## The test", "", "How often A² of n normal numbers exceeds 1.8692, times 10,000: after the factor 1 + 4/n − 25/n² of the paper, and after 1 + 0.75/n + 2.25/n². It should be 1.", ""]
    lines += table(["n", "draws", "the paper's", "the other"], [[str(n), f"{total:,}", f"{1e4 * a:.2f}", f"{1e4 * b:.2f}"] for n, total, a, b in tests])
    (HERE / "splits.md").write_text("\n".join(lines).rstrip() + "\n")


def main():
    parser = argparse.ArgumentParser(prog="bench/run splits")
    parser.add_argument("--draws", type=int, default=200)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    np.warnings = warnings  # pyclustering asks for it
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        null = nulls(options.draws, folder)
        design = designed(max(options.draws // 40, 2), folder)
        tests = rejections(options.draws * 10_000)
        sets = compare_sets(folder) if DATA.exists() else []
    render(sets, null, design, tests, started)
    print(f"wrote {HERE / 'splits.md'}")


if __name__ == "__main__":
    main()

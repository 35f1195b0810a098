# SPDX-License-Identifier: Apache-2.0
"""From a DataFrame to k, labels and a picture, in Python: ockham beside scikit-learn's loops, kneed, yellowbrick and clusteval.
`bench/run python` writes python.md (about half an hour on two cores); --only measures one part anew (time, same-k, small).

What is run stands in parts/snippets.py and parts/probes.py. Where yellowbrick asks for an older scikit-learn than the
newest, all use that one: requirements-python.txt."""
import argparse
import csv
import datetime
import importlib.metadata
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from parts import snippets

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = ROOT.parent / "shared" / "data" / "known-k"
RAW = ROOT / "build" / "python.json"
OCKHAM = pathlib.Path(os.environ["OCKHAM"]).resolve()
PACKAGES = ("scikit-learn", "yellowbrick", "clusteval", "kneed", "numpy", "scipy", "pandas", "matplotlib")
ENVIRONMENT = os.environ | {
    "OCKHAM_LIBRARY": str(OCKHAM.parent / "libockham.so"), "PYTHONPATH": f"{ROOT / 'python'}:{HERE}", "MPLBACKEND": "agg"}
BUDGET = 120  # seconds for one way on one table
GIB = 10  # of address space
TURNS, LONG = 3, 30  # the ways take turns; one that takes longer has one
SAME_INERTIA, SAME_LIKELIHOOD = 1e-6, 1e-4  # relative; a row
LONG_CALLS = {  # seconds until Ctrl-C
    "ockham.clusters": (0.01, 0.1, 0.3, 0.6, 1, 1.5, 2), "ockham.KMeans(200)": (0.05, 0.2, 0.5, 1, 2),
    "ockham.GaussianMixture(20, auto)": (0.05, 0.3, 1, 2, 4), "sklearn KMeans(200)": (0.05, 0.2, 0.5, 1, 2),
    "sklearn GaussianMixture(20)": (0.3, 1, 2, 4, 6), "sklearn silhouette_score": (0.3, 1, 2, 4, 6)}
FITS = ("ockham.clusters", "ockham.KMeans", "ockham.GaussianMixture", "sklearn KMeans", "sklearn GaussianMixture")


# ---- processes ----


def run(*arguments, timeout=None):
    """Standard output of this Python."""
    done = subprocess.run([sys.executable, *map(str, arguments)], env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr[-500:]}")
    return done.stdout


def probe(*arguments):
    return json.loads(run("-m", "parts.probes", *arguments).splitlines()[-1])


def time_way(name, table, budget):
    """The runs of one way on one table, in a process; none where the budget was over before the first was done."""
    command = [sys.executable, "-m", "parts.snippets", name, str(table), "10", "3", str(GIB)]
    child = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    start = time.perf_counter()
    try:
        out, _ = child.communicate(timeout=budget + 5)  # imports and reading
    except subprocess.TimeoutExpired:
        child.kill()
        out, _ = child.communicate()
    runs = [json.loads(line) for line in out.splitlines()]
    if not runs and time.perf_counter() - start < budget:
        return [{"error": f"exit code {child.returncode}"}]
    return runs


# ---- time, and whether k is right ----


def read_set(name):
    with open(DATA / "index.csv", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["name"] == name)
    values = np.genfromtxt(DATA / f"{name}.csv", delimiter=",", skip_header=1)
    return (values[:, :-1] if row["labelled"] == "1" else values), int(row["true_k"])


def draw_ellipsoids(n, d, k, seed):
    """Gaussian clusters of different orientation, extent and share."""
    random = np.random.default_rng(seed)
    share = random.uniform(1, 3, k)
    label = random.choice(k, n, p=share / share.sum())
    centres = random.normal(0, 3, (k, d))
    turn = [np.linalg.qr(random.normal(size=(d, d)))[0] * random.uniform(0.5, 2, d) for _ in range(k)]
    noise = random.normal(size=(n, d))
    return np.stack([centres[j] + turn[j] @ z for j, z in zip(label, noise)])


def tables():
    """Title, rows, true k."""
    yield "s-set1", *read_set("s-set1")
    yield "engytime", *read_set("engytime")
    yield "ellipsoids", draw_ellipsoids(2000, 10, 8, 1), 8
    yield "one Gaussian", draw_ellipsoids(2000, 10, 1, 2), 1
    yield "ellipsoids, float32", draw_ellipsoids(100_000, 10, 12, 3).astype(np.float32), 12


def measure_times(folder):
    found = []
    for title, rows, true_k in tables():
        table = pathlib.Path(folder, "table.npy")
        np.save(table, rows)
        ways = {name: [] for name in snippets.SNIPPETS}
        for turn in range(TURNS):
            for name, runs in ways.items():
                if turn == 0 or runs and "error" not in runs[0] and runs[0]["seconds"] < LONG:
                    runs += time_way(name, table, BUDGET)
                print(title, name, runs, flush=True)
        found.append({"title": title, "n": rows.shape[0], "d": rows.shape[1], "true": true_k, "ways": ways})
    return found


def draw_pictures(folder):
    return {name: json.loads(run("-m", "parts.snippets", "draw", name, folder))["k"]
            for name, (_, picture) in snippets.SNIPPETS.items() if picture}


# ---- the same k ----


def measure_same_k():
    sets = []
    for row in csv.DictReader((DATA / "index.csv").open(newline="")):
        path, k, big = DATA / f"{row['name']}.csv", int(row["true_k"]), int(row["rows"]) > 10_000
        ks = [20, k] if big else sorted({*range(2, 21), k})
        result = {"name": row["name"], "true": k, "kmeans": probe("kmeans", path, row["labelled"], *ks)["fits"]}
        result["mixtures"] = [] if big else probe("mixtures", path, row["labelled"], k)["fits"]
        sets.append(result)
        print(row["name"], flush=True)
    return sets


# ---- imports, overhead, Ctrl-C, memory ----


def measure_imports(runs=11):
    """Median seconds of a Python that imports and ends; in turn, so that other work on the machine meets all."""
    what = {"nothing": "pass", "numpy": "import numpy", "ockham": "import ockham", "sklearn.cluster": "import sklearn.cluster",
            "sklearn.cluster and mixture": "import sklearn.cluster, sklearn.mixture", "ockham.KMeans": "from ockham import KMeans"}
    took = {name: [] for name in what}
    for _ in range(runs):
        for name, code in what.items():
            start = time.perf_counter()
            run("-c", code)
            took[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in took.items()}


def time_command(table, runs=15):
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([OCKHAM, "clusters", table, "--k-max", "20", "--quiet", "--json"], check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    return min(took)


def measure_small(folder):
    rows, _ = read_set("blobs")
    table = pathlib.Path(folder, "small.csv")
    np.savetxt(table, rows, delimiter=",", header="x,y", comments="", fmt="%.17g")
    small = {"imports": measure_imports(), "overhead": probe("overhead", table, 15), "command": time_command(table)}
    small["interrupt"] = {name: probe("interrupt", name, *delays)["took"] for name, delays in LONG_CALLS.items()}
    small["memory"] = {name: probe("memory", name) for name in FITS}
    return small


# ---- the report ----


def table_of(header, rows):
    return [f"| {' | '.join(header)} |", "|" + "---|" * len(header), *(f"| {' | '.join(map(str, row))} |" for row in rows), ""]


def seconds(value):
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def render_features():
    """From features.csv: what was not measured here was looked up in the peers' documentation of the versions above."""
    with open(HERE / "parts" / "features.csv", newline="") as file:
        rows = list(csv.reader(file))
    return ["## What each offers", "", "+: yes; o: in part; –: no. About this task alone: scikit-learn, above all, does much that none of the others does. "
            "Answers of 1, lines, pictures, memory and Ctrl-C were measured (below), refusals and predictions tried; the rest is from the documentation of these versions.", "",
            *table_of(rows[0], rows[1:])]


def render_lines():
    lines = ["## Lines of code", "",
             "From a DataFrame `X` to k and labels, and to a picture of the criterion over k and of the rows; imports count. Each was run on a small table.", ""]
    rows = [(name, *snippets.count_lines(name)) for name, (_, picture) in snippets.SNIPPETS.items() if picture]
    lines += table_of(["", "k and labels", "and a picture"], rows)
    for name, (answer, picture) in snippets.SNIPPETS.items():
        if picture:
            lines += [f"{name}:", "", "```python", answer.strip(), picture.strip(), "```", ""]
    return lines


def cell(runs, own, true_k):
    """k, bold where right; seconds, and how many times ockham's."""
    if runs and "error" in runs[0]:
        return "out of memory" if runs[0]["error"] == "memory" else runs[0]["error"]
    if not runs:
        return f"cut off after {BUDGET} s"
    k, took = runs[0]["k"], min(r["seconds"] for r in runs)
    times = "" if own is None else f" ({took / own:.2g}×)" if took < 100 * own else f" ({took / own:.0f}×)"
    return f"{f'**{k}**' if k == true_k else k} in {seconds(took)} s{times}"


def render_times(found):
    lines = ["## Time, and whether k is right", "",
             f"k to {snippets.K_MAX}; the lines above for k and labels, imports and picture not timed; the least of up to 9 runs in {TURNS} turns, in brackets how many times ockham's. Right answers are bold. "
             f"After {BUDGET} s a way is cut off; each may take {GIB} GiB.", ""]
    rows = []
    for f in found:
        own = min(r["seconds"] for r in f["ways"]["ockham"])
        rows.append([f"{f['title']}, {f['n']:,} × {f['d']}, k = {f['true']}",
                     *(cell(runs, None if name == "ockham" else own, f["true"]) for name, runs in f["ways"].items())])
    right = [sum(bool(f["ways"][name]) and f["ways"][name][0].get("k") == f["true"] for f in found) for name in snippets.SNIPPETS]
    rows.append([f"**right of {len(found)}**", *right])
    return lines + table_of(["", *snippets.SNIPPETS], rows)


def compare(pairs, tolerance):
    """How often the first is lower, the same, higher."""
    lower = sum(a < b - tolerance * abs(b) for a, b in pairs)
    higher = sum(a > b + tolerance * abs(b) for a, b in pairs)
    return lower, len(pairs) - lower - higher, higher


OURS, OURS_20, ONCE, TEN = 1, 2, 3, 4  # in a row of parts/probes.kmeans
SAME_K_ROWS = (("KMeans(k)", OURS, ONCE), ("KMeans(k)", OURS, TEN), ("KMeans(k, n_init=20)", OURS_20, ONCE),
               ("KMeans(k, n_init=20)", OURS_20, TEN))


def render_same_k(sets):
    fits = [fit for s in sets for fit in s["kmeans"]]
    at_true = [fit for s in sets for fit in s["kmeans"] if fit[0] == s["true"]]
    rows = []
    for title, group in (("all k", fits), ("the true k", at_true)):
        for name, ours, theirs in SAME_K_ROWS:
            took = sum(f[ours][1] for f in group), sum(f[theirs][1] for f in group)
            change = 100 * (math.exp(statistics.mean(math.log(f[ours][0] / f[theirs][0]) for f in group)) - 1)
            rows.append([f"{title}: ockham's {name}", "KMeans(k)" if theirs == ONCE else "KMeans(k, n_init=10)",
                         *compare([(f[ours][0], f[theirs][0]) for f in group], SAME_INERTIA), f"{change:+.2f} %",
                         seconds(took[0]), seconds(took[1]), f"{took[1] / took[0]:.1f}"])
    excess = [(f[OURS][0] / f[TEN][0] - 1, s["name"], f[0]) for s in sets for f in s["kmeans"]]
    most = max(excess)
    header = ["", "against scikit-learn's", "inertia lower", "the same", "higher", "mean", "seconds, ockham", "scikit-learn", "ratio"]
    lines = ["## The same k", "",
             f"The thirty sets of known-k.md, k = 2 to 20 and the true k ({len(fits)} pairs; birch1 only 20 and 100), random_state=0; the same: to a relative {SAME_INERTIA:g}.", "",
             *table_of(header, rows),
             f"By default its highest excess over ten starts is {100 * most[0]:.2g} % ({most[1]}, k = {most[2]}), its largest gain {-100 * min(excess)[0]:.2g} %; "
             f"it is higher by more than 0.5 % at {sum(e[0] > 0.005 for e in excess)} pairs, lower by more at {sum(e[0] < -0.005 for e in excess)}.", ""]
    return lines + render_mixtures(sets)


def render_mixtures(sets):
    fits = [fit for s in sets for fit in s["mixtures"]]
    rows = []
    for family in ("full", "tied", "diag", "spherical"):
        group = [fit for fit in fits if fit[0] == family]
        own = sum(f[2] for f in group)
        row = [family]
        for j in (4, 6):
            # a likelihood is better where it is higher
            row += ["/".join(map(str, compare([(math.exp(f[j]), math.exp(f[1])) for f in group], SAME_LIKELIHOOD)))]
        rows.append(row + [seconds(own), f"{sum(f[5] for f in group) / own:.1f}", f"{sum(f[7] for f in group) / own:.1f}"])
    n_regularised = sum(f[3] for f in fits)
    header = ["family", "higher/same/lower than scikit-learn", "than its n_init=10", "seconds, ockham", "× scikit-learn", "× its n_init=10"]
    return [f"Mixtures at the true k (all but birch1, columns standardised): the mean log-likelihood of a row, the same to {SAME_LIKELIHOOD:g}. "
            f"Ockham regularised {n_regularised} of {len(fits)}; scikit-learn adds 1e-6 to every variance.", "", *table_of(header, rows)]


def render_small(small):
    imports, over = small["imports"], small["overhead"]
    base = imports["nothing"]
    lines = ["## Imports, overhead, Ctrl-C, memory", "",
             "Import, beyond starting Python: " + ", ".join(f"`{name}` {1000 * (value - base):.0f} ms" for name, value in imports.items() if name != "nothing")
             + ". `ockham` imports numpy; its estimators import scikit-learn when they are first asked for.", "",
             f"A table of {over['rows']} × {over['columns']}, k to 20: `ockham.clusters(X)` {1000 * over['call']:.1f} ms, of which the search {1000 * over['inside']:.1f} ms; "
             f"the command with starting, reading and JSON {1000 * small['command']:.1f} ms. `KMeans({over['k']}).fit(X)`: ockham {1000 * over['kmeans']:.2f} ms, scikit-learn {1000 * over['sklearn']:.2f} ms.", "",
             "From Ctrl-C to KeyboardInterrupt on 300,000 × 20, float32 (silhouette_score: 60,000 rows):", ""]
    rows = []
    for name, took in small["interrupt"].items():
        caught = [t for t in took if t is not None]
        rows.append([name, f"{1000 * max(caught):.0f}" if caught else "–", f"{1000 * statistics.median(caught):.0f}" if caught else "–", f"{len(caught)} of {len(took)}"])
    lines += table_of(["", "longest, ms", "median, ms", "caught before it was done"], rows)
    size = next(iter(small["memory"].values()))["megabytes"]
    rows = [[name, f"{m['times']:.1f}"] for name, m in small["memory"].items()]
    lines += [f"Memory on 4,000,000 × 10, float32 ({size:.0f} MB), 8 clusters: by how many times the table the peak rises in `fit`, results included:", "",
              *table_of(["", "× the table"], rows)]
    return lines


def render(raw):
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in PACKAGES)
    said = subprocess.run([OCKHAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = ["# Python: ockham and its peers", "",
             f"- Machine: {platform.machine()}, {len(os.sched_getaffinity(0))} cores. {said}; Python {platform.python_version()}, {versions}.",
             *(f"- Command: {c}" for c in raw["commands"].values()),
             "- yellowbrick 1.5 does not take the estimators of scikit-learn 1.8 and newer, so all use the last one before.", "",
             *render_features(), *render_lines(), *render_times(raw["time"]), *render_same_k(raw["same-k"]), *render_small(raw["small"])]
    (HERE / "python.md").write_text("\n".join(lines).rstrip() + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("time", "same-k", "small", "nothing"), help="nothing: write python.md again")
    only = parser.parse_args().only
    raw = json.loads(RAW.read_text()) if only else {"commands": {}}
    with tempfile.TemporaryDirectory() as folder:
        parts = {"small": lambda: measure_small(folder), "time": lambda: measure_times(folder), "same-k": measure_same_k}
        draw_pictures(folder)
        for name, measure in parts.items():
            if only in (None, name):
                start, load = time.monotonic(), os.getloadavg()[0]
                raw[name] = measure()
                took = time.monotonic() - start
                raw["commands"][name] = (f"`bench/run python --only {name}`, {datetime.date.today()}, {took:.0f} s, "
                                         f"load average {load:.1f} at the start.")
                RAW.parent.mkdir(exist_ok=True)
                RAW.write_text(json.dumps(raw))
    render(raw)


main()

# SPDX-License-Identifier: Apache-2.0
"""Which k, and how fast: ockham's mixtures against mclust (R) and scikit-learn's GaussianMixture on labelled sets; and how
often one Gaussian is told to be one. `bench/run mixture` writes mixture.md; `bench/run mixture --draws 200` draws more."""
import argparse
import csv
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile
import time
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data" / "known-k"
OCKHAM = os.environ["OCKHAM"]
SLOW = {"birch1"}  # ockham alone: the peers take too long
MCLUST = """
suppressMessages(library(mclust))
a <- commandArgs(TRUE)
x <- as.matrix(read.csv(a[1], header = FALSE))
models <- if (ncol(x) > 1) c("EII", "VII", "VVI", "EEE", "VEV", "VVV") else c("E", "V")
start <- proc.time()[3]
m <- Mclust(x, G = 1:as.integer(a[2]), modelNames = models, verbose = FALSE)
cat(m$G, m$modelName, m$bic, proc.time()[3] - start, as.character(packageVersion("mclust")))
"""


def ockham(path, k_max, *options):
    command = [OCKHAM, "clusters", str(path), "--criterion", "mixture", "--json", "--quiet", "--no-silhouette", *options]
    answer = json.loads(subprocess.run(command + (["--k-max", str(k_max)] if k_max else []), capture_output=True, check=True).stdout)
    return answer["k"], answer["seconds"]


def read(path):
    with open(path) as file:
        rows = list(csv.reader(file))
    label = rows[0].index("label") if "label" in rows[0] else -1
    x = np.array([[float(v) for i, v in enumerate(row) if i != label] for row in rows[1:]])
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / spread if spread.max() > 10 * spread.min() else x


def mclust(x, k_max, folder):
    if not shutil.which("Rscript"):
        return None
    script, table = f"{folder}/mclust.R", f"{folder}/x.csv"
    pathlib.Path(script).write_text(MCLUST)
    np.savetxt(table, x, delimiter=",", fmt="%.17g")
    out = subprocess.run(["Rscript", script, table, str(k_max)], capture_output=True, text=True, check=True).stdout.split()
    return {"k": int(out[0]), "model": out[1], "seconds": float(out[3]), "version": out[4]}


def gaussian_mixtures(x, k_max):
    best, start = (np.inf, 0), time.perf_counter()
    for kind in ("spherical", "diag", "tied", "full"):
        for k in range(1, k_max + 1):
            try:
                best = min(best, (GaussianMixture(k, covariance_type=kind, random_state=0).fit(x).bic(x), k))
            except ValueError:
                pass  # a component collapsed
    return {"k": best[1], "seconds": time.perf_counter() - start}


def compare_sets(folder):
    with open(DATA / "index.csv") as file:
        index = [(row["name"], int(row["true_k"])) for row in csv.DictReader(file)]
    results = []
    for name, true in index:
        x, k_max = read(DATA / f"{name}.csv"), max(20, 2 * true) if name not in SLOW else 125
        np.save(f"{folder}/x.npy", x)
        k, seconds = ockham(f"{folder}/x.npy", None, "--scale", "none")
        timed = [ockham(f"{folder}/x.npy", k_max, "--scale", "none")[1] for _ in range(1 if name in SLOW else 3)]
        peers = (None, None) if name in SLOW else (mclust(x, k_max, folder), gaussian_mixtures(x, k_max))
        results.append((name, true, k, seconds, k_max, min(timed), *peers))
        print(results[-1], flush=True)
    return results


def nulls(draws, folder):
    rng = np.random.default_rng(0)
    kinds = {
        "Gaussian, round": lambda n, d: rng.normal(size=(n, d)),
        "Gaussian, correlated": lambda n, d: rng.normal(size=(n, d)) @ rng.normal(size=(d, d)),
        "uniform in a square": lambda n, d: rng.uniform(size=(n, d)),
        "t with 3 degrees of freedom": lambda n, d: rng.standard_t(3, size=(n, d)),
        "log-normal, standardised": lambda n, d: np.exp(rng.normal(size=(n, d))),
    }
    results = []
    for kind, draw in kinds.items():
        for d in (2, 10, 50) if kind.startswith("Gaussian") else (2,):
            for n in (100, 1000):
                count = draws if d < 50 else max(draws // (4 if n == 100 else 8), 5)
                answers = []
                for _ in range(count):
                    np.save(f"{folder}/null.npy", draw(n, d))
                    answers.append(ockham(f"{folder}/null.npy", None, *(["--scale", "standard"] if "log" in kind else []))[0])
                results.append((kind, n, d, count, np.mean(np.array(answers) == 1), np.median(answers)))
                print(results[-1], flush=True)
    return results


def right(name, k, true):
    return k == true or (name == "iris" and k in (2, 3))  # two of the three species are one cloud


def render(sets, null, started):
    done = [row for row in sets if row[6]]
    ours, theirs = sum(row[5] for row in done), sum(row[6]["seconds"] for row in done)
    rates = sum(row[7]["seconds"] for row in done)
    lines = [
        "# Mixtures: which k, and how fast", "",
        f"- Machine: {platform.processor() or platform.machine()}, {len(os.sched_getaffinity(0))} cores. {subprocess.run([OCKHAM, '--version'], capture_output=True, text=True).stdout.strip()}; "
        f"mclust {done[0][6]['version'] if done else 'not installed'} (R); scikit-learn {sklearn.__version__}, numpy {np.__version__}.",
        f"- Command: `bench/run mixture`, {datetime.date.today()}, {time.monotonic() - started:.0f} s.",
        "- Answer: `ockham clusters --criterion mixture`, its range. Seconds: with the range of the peers, k = 1 to the larger of 20 and twice the true k, the least of three, k-means and all; reading apart.",
        "- mclust: `Mclust(G = 1:K)` with the same six families, one run. scikit-learn: `GaussianMixture` with its four covariance types, `n_init=1`, the lowest BIC, one run; both on standardised columns where ockham standardises.",
        "- Bold: right. iris counts as right with 2 or 3: two of its three species are one cloud to every measurement.", "",
        "| set | true k | ockham | seconds | mclust | seconds | × | scikit-learn | seconds | × |", "|---|---|---|---|---|---|---|---|---|---|",
    ]
    bold = lambda name, k, true: f"**{k}**" if right(name, k, true) else str(k)
    for name, true, k, seconds, _, fast, r, s in sets:
        cells = [name, str(true), bold(name, k, true), f"{fast:.2f}"]
        for peer in (r, s):
            cells += [bold(name, peer["k"], true), f"{peer['seconds']:.1f}", f"{peer['seconds'] / fast:.0f}"] if peer else ["–", "–", "–"]
        lines.append("| " + " | ".join(cells) + " |")
    count = [sum(right(row[0], row[2], row[1]) for row in sets)] + [sum(right(row[0], row[i]["k"], row[1]) for row in done) for i in (6, 7)] if done else [0, 0, 0]
    errors = np.mean([0 if right(row[0], row[2], row[1]) else abs(row[2] - row[1]) for row in sets]) if sets else 0
    lines += [f"| **right** | {len(sets)} | **{count[0]}** | {ours:.1f} | {count[1]} of {len(done)} | {theirs:.0f} | {theirs / ours:.0f} | {count[2]} of {len(done)} | {rates:.0f} | {rates / ours:.0f} |" if done else "", "",
              f"Mean |error| of k: {errors:.2f}. Sums of seconds are over the sets that the peers did.", "", "## One cluster or none", "",
              "How often k = 1 is the answer for rows that have no clusters.", "", "| rows | n | d | draws | k = 1 | median k |", "|---|---|---|---|---|---|"]
    lines += [f"| {kind} | {n} | {d} | {count} | {100 * rate:.1f} % | {median:.0f} |" for kind, n, d, count, rate, median in null]
    lines += ["", "The last three are no Gaussians, and are told by several: a square has corners, tails that fall as a power are heavier than any exponent gives, and skewness is none of the families'."]
    (HERE / "mixture.md").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(prog="bench/run mixture")
    parser.add_argument("--draws", type=int, default=40)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        null = nulls(options.draws, folder)
        sets = compare_sets(folder) if DATA.exists() else []
    render(sets, null, started)
    print(f"wrote {HERE / 'mixture.md'}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Every k from 1 to K on one table: ockham's sweep against loops over the peers, in turn, with the same threads. Writes
sweep.md. `--quick` runs the small cases only; `--case NAME` one of them; `--budget S` caps a peer's seconds a case.

Time is that of the fits in the process, without reading, imports and criteria: ockham's from a small program on the
library (silhouettes off), the peers' with a clock around the loop. Where a peer does not finish within the budget, its
time is what the k it did took, and the ratio is over the same k, with ockham's whole sweep counted against it."""
import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "shared" / "data" / "known-k"
THREADS = os.cpu_count()


# ---- tables ----


def blobs(n, d, k, sd, dtype, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-10, 10, (k, d))
    return (centres[rng.integers(0, k, n)] + rng.normal(0, sd, (n, d))).astype(dtype)


def grid(n, side, sd, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, side, (n, 2)) + rng.normal(0, sd, (n, 2))


def s_set3():
    return np.loadtxt(DATA / "s-set3.csv", delimiter=",", skiprows=1)


CASES = {  # name: (table, K, how many k the peers do at least, in the quick set)
    "s-set3, 5,000 x 2": (s_set3, 30, True),
    "grid of 100, 100,000 x 2": (lambda: grid(100_000, 10, 0.15), 120, False),
    "blobs, 100,000 x 16": (lambda: blobs(100_000, 16, 20, 3.0, "f8"), 30, True),
    "blobs, 1,000,000 x 8": (lambda: blobs(1_000_000, 8, 15, 2.5, "f8"), 20, False),
    "blobs, 60,000 x 128, float32": (lambda: blobs(60_000, 128, 40, 6.0, "f4"), 64, False),
    "blobs, 20,000 x 768, float32": (lambda: blobs(20_000, 768, 30, 8.0, "f4"), 64, False),
    "uniform noise, 100,000 x 8": (lambda: np.random.default_rng(0).uniform(0, 1, (100_000, 8)), 30, True),
}


# ---- contestants: each yields the inertia of k = 1, 2, ... ----


def sklearn_fits(x, ks, algorithm, n_init):
    from sklearn.cluster import KMeans

    for k in ks:
        yield KMeans(k, algorithm=algorithm, n_init=n_init, random_state=0).fit(x).inertia_


def faiss_fits(x, ks):
    import faiss

    x = np.ascontiguousarray(x, dtype="f4")
    faiss.omp_set_num_threads(THREADS)
    for k in ks:
        kmeans = faiss.Kmeans(x.shape[1], k, niter=25, seed=1, max_points_per_centroid=len(x), min_points_per_centroid=1)
        kmeans.train(x)
        distance, _ = kmeans.index.search(x, 1)
        yield float(distance.astype("f8").sum())


PEERS = {
    "scikit-learn, lloyd, n_init=1": lambda x, ks: sklearn_fits(x, ks, "lloyd", 1),
    "scikit-learn, elkan, n_init=1": lambda x, ks: sklearn_fits(x, ks, "elkan", 1),
    "scikit-learn, lloyd, n_init=10": lambda x, ks: sklearn_fits(x, ks, "lloyd", 10),
    "scikit-learn-intelex, n_init=1": lambda x, ks: sklearn_fits(x, ks, "lloyd", 1),
    "faiss, 25 iterations": faiss_fits,
}


def run_peer(name, table, k_max, budget):
    """In a process of its own, for some of them change the others' behaviour."""
    code = subprocess.run([sys.executable, __file__, "--peer", name, table, str(k_max), str(budget)],
                          capture_output=True, text=True)
    if code.returncode != 0:
        raise SystemExit(f"{name}: {code.stderr[-400:]}")
    return json.loads(code.stdout.splitlines()[-1])


def peer_main(name, table, k_max, budget):
    warnings.simplefilter("ignore")
    if "intelex" in name:
        from sklearnex import patch_sklearn

        patch_sklearn(verbose=False)
    x, inertia = np.load(table), []
    list(PEERS[name](x[:1000], [2]))  # imports and first-use costs
    start = time.perf_counter()
    for value in PEERS[name](x, range(1, k_max + 1)):
        inertia.append(float(value))
        if time.perf_counter() - start > budget:
            break
    print(json.dumps({"seconds": time.perf_counter() - start, "inertia": inertia}))


def run_ockham(table, k_max):
    """The best of three."""
    runs = []
    for _ in range(3):
        done = subprocess.run([os.environ["OCKHAM"], "clusters", table, "--k-max", str(k_max), "--scale", "none", "--json",
                               "--no-silhouette", "--quiet"], capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    best = min(runs, key=lambda run: run["seconds"])
    return {"seconds": best["seconds"], "inertia": [p["inertia"] for p in best["curve"]]}


# ---- the report ----


def compare(ours, peer):
    """Seconds, ratio of time, and how the inertias compare over the k that the peer did."""
    n = len(peer["inertia"])
    ratio = np.array(ours["inertia"][:n]) / np.array(peer["inertia"])
    worse = int((ratio > 1.001).sum())
    return n, peer["seconds"] / ours["seconds"], float(np.exp(np.log(ratio).mean())), float(ratio.max()), worse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case")
    parser.add_argument("--budget", type=float, default=60)
    options = parser.parse_args()
    version = subprocess.run([os.environ["OCKHAM"], "--version"], capture_output=True, text=True).stdout.strip()
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in
                         ("scikit-learn", "scikit-learn-intelex", "faiss-cpu", "numpy"))
    lines = [
        "# The whole curve",
        "",
        f"- Machine: {cpu}, {THREADS} cores; {version}; {versions}; {datetime.date.today()}.",
        f"- Command: `bench/run sweep{' --quick' if options.quick else ''}`; a peer has {options.budget:.0f} s a case, and "
        "what it did of the k by then is compared. ockham: the best of three; silhouettes off.",
        "- Inertia: ockham's over the peer's, geometric mean over k, the largest, and at how many k it is more than 0.1 % higher.",
        "",
    ]
    for name, (make, k_max, quick) in CASES.items():
        if (options.quick and not quick) or (options.case and options.case not in name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            table = os.path.join(folder, "table.npy")
            np.save(table, make())
            ours = run_ockham(table, k_max)
            lines += [f"## {name}, k = 1 ... {k_max}: ockham {ours['seconds']:.3f} s", "",
                      "| peer | k done | seconds | times slower | inertia: mean | largest | worse at |", "|---|---|---|---|---|---|---|"]
            for peer in PEERS:
                result = run_peer(peer, table, k_max, options.budget)
                n, slower, mean, largest, worse = compare(ours, result)
                lines.append(f"| {peer} | {n} | {result['seconds']:.2f} | {slower:.0f} | {mean:.4f} | {largest:.4f} | {worse} |")
                print(lines[-1], flush=True)
            lines.append("")
    (HERE / "sweep.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer_main(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
    else:
        main()

# SPDX-License-Identifier: Apache-2.0
"""The peers, each in a process of its own (some change how others behave), with the same threads and, where a peer can, the
same dtype. The clock runs around the fits only; what a fit needs in another form is converted before. After each fit the
process prints "k seconds-so-far" and keeps the centres; when the budget is spent it is killed, even within a fit."""
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import numpy as np

from parts import machine

START_SECONDS = 60  # for the imports of a peer
HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Peer:
    package: str  # that must be installed; "R": Rscript on the path
    n_init: int
    share: float = 1  # of the case's time, against the others
    dtype: str = ""  # what it works in whatever it is given; "": as given
    options: tuple = ()


PEERS = {
    "scikit-learn, lloyd": Peer("scikit-learn", 1, options=("lloyd",)),
    "scikit-learn, elkan": Peer("scikit-learn", 1, options=("elkan",)),
    "scikit-learn-intelex": Peer("scikit-learn-intelex", 1, options=("lloyd",)),
    "faiss, 25 iterations": Peer("faiss-cpu", 1, dtype="f4"),
    "mlpack, dual tree": Peer("mlpack", 1, dtype="f8", options=("dualtree",)),
    "mlpack, Hamerly": Peer("mlpack", 1, dtype="f8", options=("hamerly",)),
    "R, Hartigan–Wong": Peer("R", 1, dtype="f8"),
    "scikit-learn-intelex, n_init=10": Peer("scikit-learn-intelex", 10, 2, options=("lloyd",)),
    "scikit-learn, lloyd, n_init=10": Peer("scikit-learn", 10, 2, options=("lloyd",)),
    "scikit-learn, elkan, n_init=10": Peer("scikit-learn", 10, 2, options=("elkan",)),
    "R, Hartigan–Wong, nstart=10": Peer("R", 10, 2, dtype="f8"),
}


# ---- the fits: a table and k give the centres ----


def sklearn_fit(peer):
    if peer.package == "scikit-learn-intelex":
        from sklearnex import patch_sklearn

        patch_sklearn()
    from sklearn.cluster import KMeans

    return lambda x, k: KMeans(k, algorithm=peer.options[0], n_init=peer.n_init, random_state=0).fit(x).cluster_centers_


def faiss_fit(_peer):
    import faiss

    faiss.omp_set_num_threads(machine.THREADS)

    def fit(x, k):
        kmeans = faiss.Kmeans(x.shape[1], k, niter=25, seed=1, max_points_per_centroid=len(x), min_points_per_centroid=1)
        kmeans.train(x)
        return kmeans.centroids

    return fit


def mlpack_fit(peer):
    import mlpack

    def fit(x, k):
        algorithm = peer.options[0] if k > 1 else "naive"  # the dual tree fails for one cluster
        return mlpack.kmeans(input_=x, clusters=k, algorithm=algorithm, kmeans_plus_plus=True, seed=1,
                             allow_empty_clusters=True)["centroid"]

    return fit


FITS = {"scikit-learn": sklearn_fit, "scikit-learn-intelex": sklearn_fit, "faiss-cpu": faiss_fit, "mlpack": mlpack_fit}


def child(name, table, folder, ks):
    """What runs in the peer's process."""
    warnings.simplefilter("ignore")
    peer = PEERS[name]
    x = np.load(table)
    x = np.ascontiguousarray(x, dtype=peer.dtype or x.dtype)
    fit = FITS[peer.package](peer)
    fit(x[:1000], 2)  # first-use costs
    print("ready", flush=True)
    spent = 0.0
    for k in ks:
        start = time.perf_counter()
        centres = fit(x, k)
        spent += time.perf_counter() - start
        np.ascontiguousarray(centres, dtype="f8").tofile(f"{folder}/centres-{k}.f64")
        print(k, spent, flush=True)


# ---- running them ----


def missing(name):
    """Why a peer cannot take part; "" when it can."""
    package = PEERS[name].package
    if package == "R":
        return "" if shutil.which("Rscript") else "not installed (Debian: `apt-get install r-base-core`)"
    return "" if machine.version_of(package) else f"not installed (PyPI: {package})"


def raw_columns(table):
    """The table as R reads it: float64, column by column; made once, outside the clock."""
    path = f"{table}.columns"
    if not os.path.exists(path):
        np.asarray(np.load(table), dtype="f8").T.tofile(path)
    return path


def command(name, table, folder, ks):
    ks = [str(k) for k in ks]
    if PEERS[name].package != "R":
        return [sys.executable, "-m", "parts.peers", name, table, folder, *ks]
    n, d = np.load(table, mmap_mode="r").shape
    return ["Rscript", "--vanilla", str(HERE / "kmeans.R"), raw_columns(table), str(n), str(d), str(PEERS[name].n_init),
            folder, *ks]


def lines_within(process, start_seconds, budget):
    """What a process prints until it is killed: when it is not ready in time, or `budget` after it was."""
    timer, lines = threading.Timer(start_seconds, process.kill), []
    timer.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if line.strip() == "ready":
                timer.cancel()
                timer = threading.Timer(budget, process.kill)
                timer.start()
        process.wait()
    finally:
        timer.cancel()
    return lines


def run(name, table, ks, budget, folder):
    """{"done": the k it fitted, "spent": seconds after each, "cut": whether the budget ended it, "note": what went wrong}.
    The centres lie in the folder."""
    result = {"done": [], "spent": [], "cut": False, "budget": budget, "note": missing(name)}
    if result["note"]:
        return result
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command(name, table, folder, ks), env=machine.environment(), text=True,
                                   stdout=subprocess.PIPE, stderr=errors)
        try:
            lines = lines_within(process, START_SECONDS + os.path.getsize(table) / 20e6, budget)
        finally:
            process.kill()
        errors.seek(0)
        message = (errors.read().strip().splitlines() or ["no message"])[-1]
    for line in lines:
        fields = line.split()
        if len(fields) == 2 and fields[0].isdigit():
            result["done"].append(int(fields[0]))
            result["spent"].append(float(fields[1]))
    result["cut"] = len(result["done"]) < len(ks)
    if process.returncode not in (0, -signal.SIGKILL):
        result["note"] = "failed: " + " ".join(message.split())[:120]
    return result


def centres(folder, ks, d):
    return [np.fromfile(f"{folder}/centres-{k}.f64").reshape(-1, d) for k in ks]


if __name__ == "__main__":
    child(*sys.argv[1:4], [int(k) for k in sys.argv[4:]])

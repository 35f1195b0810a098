# SPDX-License-Identifier: Apache-2.0
"""What is measured: each case makes its table, runs ockham and the peers in turn within its share of the time, and returns
plain data that report.py writes down."""
import dataclasses
import os
import sys
import time

import numpy as np

from parts import machine, peers, tables
from parts.ours import Ours

OVERHEAD = 2.5  # seconds to start a peer's process and recompute inertias
RUNS = 5  # of ockham, and of the peers that are short enough
SILHOUETTE_LOOP = """
import sys, time, numpy as np
from sklearn.metrics import silhouette_score
x, labels, spent = np.load(sys.argv[1]), np.load(sys.argv[2]), 0.0
silhouette_score(x[:500], labels[0][:500])
for row in labels:
    start = time.perf_counter()
    value = silhouette_score(x, row)
    spent += time.perf_counter() - start
    print(row.max() + 1, spent, value, flush=True)
    if spent > float(sys.argv[3]):
        break
"""


@dataclasses.dataclass(frozen=True)
class Case:
    title: str
    k: object  # K of a curve or of the silhouettes, k of a fit
    make: object  # writes the table to a path
    measure: object
    weight: float  # its share of the time
    quick: float = 0  # the same with --quick; 0: left out


class Budget:
    """Seconds from now on."""

    def __init__(self, seconds):
        self.seconds, self.end = seconds, time.monotonic() + seconds

    def left(self):
        return max(self.end - time.monotonic(), 0.5)


def shape_of(table):
    x = np.load(table, mmap_mode="r")
    return {"n": x.shape[0], "d": x.shape[1], "dtype": {"f4": "float32", "f8": "float64"}[x.dtype.str[1:]], "bytes": x.nbytes}


# ---- ockham and the peers in turn ----


class Turns:
    """ockham runs before each peer until it has its runs, then the peers that were short get more runs, ockham between.
    run_ours() gives the seconds of a run; run_peer(name, budget, folder) what peers.run() does."""

    def __init__(self, run_ours, run_peer, budget, folder):
        self.run_ours, self.run_peer, self.budget, self.folder = run_ours, run_peer, budget, folder
        self.ours, self.peers = [], {}

    def measure_ours(self):
        self.ours.append(self.run_ours())

    def first_round(self, after):
        """Every peer once, each with a share of what is left; after(result, folder) looks at its centres."""
        wanted = min(RUNS, max(1, int(0.2 * self.budget.seconds / self.ours[0])))
        kept = (0.3 if self.ours[0] < 1 else 0.1) * self.budget.seconds  # for the further rounds
        for i, (name, peer) in enumerate(peers.PEERS.items()):
            if i > 0 and len(self.ours) < wanted:
                self.measure_ours()
            rest = list(peers.PEERS.values())[i:]
            fair = (self.budget.left() - kept - OVERHEAD * len(rest)) * peer.share / sum(p.share for p in rest)
            folder = os.path.join(self.folder, f"peer-{i}")
            os.makedirs(folder, exist_ok=True)
            result = self.run_peer(name, max(fair, 0.5), folder)
            result["runs"] = result["spent"][-1:]
            after(result, folder)
            self.peers[name] = result
            say(f"    {name}: {len(result['done'])} k, {(result['spent'] or [0])[-1]:.2f} s {result['note']}")
        while len(self.ours) < wanted:
            self.measure_ours()

    def further_rounds(self):
        """For the peers that did everything and cost little; the fastest matter most, so they come first."""
        short = [name for name, r in self.peers.items() if r["runs"] and not r["cut"]]
        for name in sorted(short, key=lambda name: self.peers[name]["runs"][0]):
            runs = self.peers[name]["runs"]
            cost = runs[0] + self.ours[0] + OVERHEAD
            for _ in range(RUNS - 1):
                if cost > self.budget.left():
                    break
                again = self.run_peer(name, 10 * runs[0] + 5, self.folder)
                if again["cut"]:
                    break
                runs.append(again["spent"][-1])
                self.measure_ours()


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- a whole curve ----


def measure_curve(case, table, ours: Ours, budget, folder):
    shape, ks, first = shape_of(table), range(1, case.k + 1), []

    def run_ours():
        run = ours.sweep(table, case.k, timeout=max(3 * budget.seconds, 60))
        first.append(run)
        say(f"    ockham: {run['seconds']:.3f} s")
        return run["seconds"]

    def judge(result, at):
        result["inertia"] = tables.inertias(table, peers.centres(at, result["done"], shape["d"]))

    turns = Turns(run_ours, lambda name, b, at: peers.run(name, table, ks, b, at), budget, folder)
    turns.measure_ours()
    inertia = tables.inertias(table, ours.centres(table, case.k, shape["d"]))
    turns.first_round(judge)
    turns.further_rounds()
    reported = [point["inertia"] for point in first[0]["curve"]]
    return {
        "kind": "curve", "shape": shape, "ks": list(ks), "peers": turns.peers,
        "ours": {"runs": turns.ours, "inertia": inertia, "reported_off": relative_difference(inertia, reported),
                 "work": first[0].get("work"), "peak": max(run["peak"] for run in first),
                 "process_seconds": min(run["process_seconds"] for run in first)},
    }


def relative_difference(a, b):
    if len(a) != len(b):
        return float("nan")
    return float(np.max(np.abs(np.array(a) - b) / np.maximum(np.abs(b), 1e-300)))


# ---- one fit ----


def measure_fit(case, table, ours: Ours, budget, folder):
    """Plain `fit`, which has four starts, and with one; peers as in a curve."""
    shape = shape_of(table)
    results = {0: [], 1: []}  # by restarts; 0: the default
    centres = {}

    def run_ours():
        for restarts in results:
            result, centres[restarts] = ours.fit(table, case.k, shape["d"], restarts, timeout=max(3 * budget.seconds, 60))
            results[restarts].append(result)
            say(f"    ockham: {result['seconds']:.3f} s, restarts {restarts or 'default'}")
        return sum(runs[-1]["seconds"] for runs in results.values())

    def judge(result, at):
        result["inertia"] = tables.inertias(table, peers.centres(at, result["done"], shape["d"]))

    turns = Turns(run_ours, lambda name, b, at: peers.run(name, table, [case.k], b, at), budget, folder)
    turns.measure_ours()
    inertia = dict(zip(centres, tables.inertias(table, centres.values())))
    turns.first_round(judge)
    turns.further_rounds()
    ours_by = {restarts: {"runs": [r["seconds"] for r in runs], "inertia": [inertia[restarts]],
                          "iterations": runs[0]["iterations"],
                          "reported_off": relative_difference([inertia[restarts]], [runs[0]["inertia"]])}
               for restarts, runs in results.items()}
    return {"kind": "fit", "shape": shape, "ks": [case.k], "peers": turns.peers, "ours": ours_by[0], "ours_once": ours_by[1]}


# ---- silhouettes ----


def measure_silhouette(case, table, ours: Ours, budget, folder):
    """ockham: its sweep with exact silhouettes less the sweep without. scikit-learn: silhouette_score for each labelling,
    given the labels."""
    shape = shape_of(table)
    x = np.load(table)
    centres = ours.centres(table, case.k, shape["d"])[1:]
    labels = np.stack([(np.square(c).sum(axis=1) - 2 * x @ c.T).argmin(axis=1) for c in centres])
    np.save(f"{folder}/labels.npy", labels)
    first = [ours.sweep(table, case.k, "--exact"), ours.sweep(table, case.k)]
    rounds = int(np.clip(0.5 * budget.left() / sum(run["seconds"] for run in first), 1, RUNS))
    pairs = [first] + [[ours.sweep(table, case.k, "--exact"), ours.sweep(table, case.k)] for _ in range(rounds - 1)]
    say(f"    ockham: {first[0]['seconds']:.2f} s with, {first[1]['seconds']:.2f} s without")
    limit = budget.left()
    lines = machine.output_of([sys.executable, "-c", SILHOUETTE_LOOP, table, f"{folder}/labels.npy", str(0.85 * limit)],
                              env=machine.environment()).splitlines()
    done = [line.split() for line in lines]
    own = {point["k"]: point["silhouette"] for point in first[0]["curve"]}
    off = [abs(own[int(k)] - float(value)) for k, _, value in done]
    return {"kind": "silhouette", "shape": shape, "ks": list(range(2, case.k + 1)),
            "with": [pair[0]["seconds"] for pair in pairs], "without": [pair[1]["seconds"] for pair in pairs],
            "peer": {"done": [int(k) for k, _, _ in done], "spent": [float(s) for _, s, _ in done],
                     "cut": len(done) < case.k - 1, "runs": [float(done[-1][1])]},
            "value_off": max(off)}


# ---- ten million rows ----


def measure_huge(case, table, ours: Ours, budget, folder):
    """ockham alone, and one fit of scikit-learn at the largest k for scale."""
    shape = shape_of(table)
    run = ours.sweep(table, case.k, timeout=max(4 * budget.seconds, 120))
    say(f"    ockham: {run['seconds']:.1f} s, {run['peak'] / 2**20:.0f} MiB")
    result = peers.run("scikit-learn, lloyd", table, [case.k], max(budget.left() - 10, 0.3 * budget.seconds), folder)
    result["runs"] = result["spent"][-1:]
    result["inertia"] = tables.inertias(table, peers.centres(folder, result["done"], shape["d"]))
    return {"kind": "huge", "shape": shape, "ks": list(range(1, case.k + 1)), "peer": result,
            "ours": {"runs": [run["seconds"]], "process_seconds": run["process_seconds"], "peak": run["peak"],
                     "work": run.get("work"), "inertia": [p["inertia"] for p in run["curve"]]}}


def fit_table(path):
    tables.blobs(path, 100_000, 64, 300, 5.0, "f4")


CASES = {
    "s-set3": Case("s-set3", 30, tables.s_set3, measure_curve, 110, 60),
    "grid": Case("grid of 100", 120, tables.grid, measure_curve, 215),
    "16": Case("blobs", 30, lambda path: tables.blobs(path, 100_000, 16, 20, 3.0), measure_curve, 165, 50),
    "million": Case("blobs", 20, lambda path: tables.blobs(path, 1_000_000, 8, 15, 2.5), measure_curve, 225),
    "128": Case("blobs", 64, lambda path: tables.blobs(path, 60_000, 128, 40, 6.0, "f4"), measure_curve, 200),
    "768": Case("embedding-like", 64, tables.embedding, measure_curve, 220),
    "noise": Case("uniform noise", 30, tables.noise, measure_curve, 180, 40),
    "huge": Case("blobs", 50, lambda path: tables.blobs(path, 10_000_000, 16, 30, 3.0, "f4"), measure_huge, 160),
    "fit-16": Case("one fit, blobs", 16, fit_table, measure_fit, 85),
    "fit-256": Case("one fit, blobs", 256, fit_table, measure_fit, 110, 35),
    "fit-4096": Case("one fit, blobs", 4096, fit_table, measure_fit, 150),
    "silhouette": Case("exact silhouettes, blobs", 30, lambda path: tables.blobs(path, 20_000, 16, 20, 3.0),
                       measure_silhouette, 50, 20),
}


def run(case, ours, seconds, folder):
    started = time.monotonic()
    table = f"{folder}/table.npy"
    case.make(table)
    result = case.measure(case, table, ours, Budget(seconds - (time.monotonic() - started)), folder)
    return result | {"title": case.title, "seconds": time.monotonic() - started}

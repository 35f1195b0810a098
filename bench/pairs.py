# SPDX-License-Identifier: Apache-2.0
"""How fast: criteria of pairs of rows for k = 2 ... 20 against R's NbClust and clusterCrit. `bench/run pairs` writes
pairs.md; it needs R with at least one of the two, and a quarter of an hour."""
import datetime
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np

from parts import machine

HERE = pathlib.Path(__file__).resolve().parent
OCKHAM = os.environ["OCKHAM"]
CASES = ((200, 2), (1000, 20))  # rows, and the first k of NbClust's gamma, which takes n^4


def table(n):
    rng = np.random.default_rng(1)
    return rng.uniform(-10, 10, (8, 4))[np.arange(n) % 8] + rng.normal(size=(n, 4))


def ockham(path, criterion):
    command = [OCKHAM, "clusters", path, "--k-min", "2", "--k-max", "20", "--scale", "none", "--json", "--quiet"]
    command += ["--no-silhouette", "--criterion", criterion]
    run = lambda: json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["seconds"]
    return min(run() for _ in range(7))


def peers(path, first_k):
    out = subprocess.run(["Rscript", HERE / "parts" / "pairs.R", path, str(first_k)], capture_output=True, text=True, check=True).stdout
    return [(name, int(k), float(seconds)) for name, k, seconds, _ in (line.split(",") for line in out.splitlines())]


def compare(n, first_k, folder):
    x = table(n)
    np.save(f"{folder}/x.npy", x)
    np.savetxt(f"{folder}/x.csv", x, delimiter=",", fmt="%.17g")
    ours, rest = ockham(f"{folder}/x.npy", "gamma"), ockham(f"{folder}/x.npy", "bic")
    rows = [(n, "ockham, all 20", "2", ours), (n, "ockham, none of them", "2", rest)]
    return rows + [(n, name, str(k), seconds) for name, k, seconds in peers(f"{folder}/x.csv", first_k)]


def render(rows, about):
    ours = {n: seconds for n, name, _, seconds in rows if name == "ockham, all 20"}
    lines = [
        "# Criteria of pairs of rows: ockham and R", "",
        f"- Machine: {about['cpu']}, {about['cores']} cores, load average {about['load']:.1f} at the start; {about['ockham']}, R {machine.r_version()}.",
        f"- Command: `bench/run pairs`, {datetime.date.today()}. Eight clusters in 4 columns.",
        "- ockham: k-means included, reading apart, the least of seven; R: one run; NbClust with its k-means, clusterCrit without. Other work ran beside both: compare magnitudes.", "",
        "| rows | what | k | seconds | × |", "|---|---|---|---|---|",
    ]
    lines += [f"| {n} | {name} | {k} ... 20 | {seconds:.3f} | {seconds / ours[n]:.1f} |" for n, name, k, seconds in rows]
    (HERE / "pairs.md").write_text("\n".join(lines) + "\n")


def main():
    about = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for n, first_k in CASES for row in compare(n, first_k, folder)]
    render(rows, about)
    print(f"wrote {HERE / 'pairs.md'}")


if __name__ == "__main__":
    main()

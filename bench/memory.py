# SPDX-License-Identifier: Apache-2.0
"""A table of 10,000,000 x 16 numbers (1.28 GB) in less memory than it has: how long does `ockham clusters --memory` take, what
is the peak, and how near is the answer to that of the whole table? Writes memory.md. Needs 1.3 GB of disk for temporary
files and, to make the table and for the row "no limit", 5 GB of memory."""
import datetime
import json
import os
import pathlib
import platform
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
OCKHAM = os.environ["OCKHAM"]
N_CLUSTERS, ROWS_A_CLUSTER, N_COLUMNS, K_MAX = 10, 1_000_000, 16, 20
BUDGETS = ["64M", "256M", "1G", None]


def measure(path, budget):
    command = [OCKHAM, "clusters", path, "--criterion", "bic", "--json", "--quiet", "--k-max", str(K_MAX), "--scale", "none"]
    start = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command + (["--memory", budget] if budget else []), stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"{' '.join(command)} failed")
        seconds = time.monotonic() - start
        out.seek(0)
        return json.load(out), seconds, usage.ru_maxrss / 1024


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.npy")
        subprocess.run([OCKHAM, "generate", "blobs", "-k", str(N_CLUSTERS), "--rows", str(ROWS_A_CLUSTER), "--columns",
                        str(N_COLUMNS), "--min-distance", "1.5", "--sd", "0.3", "--seed", "1", "--output", path], check=True)
        size = os.path.getsize(path)
        results = [(budget, *measure(path, budget)) for budget in BUDGETS]
    version = subprocess.run([OCKHAM, "--version"], capture_output=True, text=True).stdout.strip()
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    whole = [point["inertia"] for point in results[-1][1]["curve"]]
    lines = [
        "# More rows than memory holds",
        "",
        f"- Machine: {cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {version}, {datetime.date.today()}.",
        f"- Command: `bench/run memory`: {N_CLUSTERS * ROWS_A_CLUSTER:,} x {N_COLUMNS} float64 in an NPY file of "
        f"{size / 1e9:.2f} GB, {N_CLUSTERS} clusters, k = 1 ... {K_MAX}, all cores; one run each.",
        "- Peak memory is what the kernel counts for the process. Worst inertia: the largest of the ratios to the run without a",
        "  limit at the same k; below 1 where the sample led to a better optimum at every k.",
        "",
        "| --memory | k | seconds | peak, MiB | rows searched | passes to measure | worst inertia |",
        "|---|---|---|---|---|---|---|",
    ]
    for budget, report, seconds, peak in results:
        ratio = max(point["inertia"] / other for point, other in zip(report["curve"], whole))
        lines.append(f"| {budget or 'no limit'} | {report['k']} | {seconds:.1f} | {peak:,.0f} | "
                     f"{report['searched_rows']:,} | {report['passes'] or 'in memory'} | {ratio:.4f} |")
    (HERE / "memory.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

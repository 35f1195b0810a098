# SPDX-License-Identifier: Apache-2.0
"""How long does it take to read a CSV of 10,000,000 x 10 numbers (1 GB), and how much memory? Against pandas, polars and
pyarrow; each reader in a process of its own, in turn, the file in the page cache. Writes read.md.

ockham is timed as `ockham fit FILE -k 1 --scale none`: reading and one pass over the rows. The others only read, as
float64. Peak memory is that of the process (VmHWM), which for a matrix of 763 MiB cannot be less."""
import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
N_ROWS, N_COLUMNS, RUNS = 10_000_000, 10, 5
PEERS = {
    "pandas": "import pandas; pandas.read_csv(path).to_numpy()",
    "polars": "import polars; polars.read_csv(path).to_numpy()",
    "pyarrow": "import pyarrow.csv as c; t = c.read_csv(path)",
}


def write_table(path):
    import numpy as np

    rng = np.random.default_rng(1)
    with open(path, "w") as file:
        file.write(",".join(f"x{j + 1}" for j in range(N_COLUMNS)) + "\n")
        for _ in range(100):
            block = rng.normal(0, 1000, (N_ROWS // 100, N_COLUMNS))
            file.write("\n".join(",".join(f"{v:.6f}" for v in row) for row in block) + "\n")


def measure(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def commands(path):
    ockham = os.environ["OCKHAM"]
    for threads in (1, 2):
        yield f"ockham, {threads} thread{'s' * (threads > 1)}", [ockham, "fit", path, "-k", "1", "--scale", "none", "--quiet",
                                                                "--threads", str(threads)]
    for name, code in PEERS.items():
        yield f"{name} {importlib.metadata.version(name)}", [sys.executable, "-c", f"path = {path!r}; {code}"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.csv")
        write_table(path)
        size = os.path.getsize(path)
        results = {}
        for _ in range(RUNS):
            for name, command in commands(path):
                results.setdefault(name, []).append(measure(command))
    version = subprocess.run([os.environ["OCKHAM"], "--version"], capture_output=True, text=True).stdout.strip()
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    best = min(seconds for seconds, _ in results["ockham, 2 threads"])
    lines = [
        "# Reading a CSV file",
        "",
        f"- Machine: {cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {version}, {datetime.date.today()}.",
        f"- Command: `bench/run read`: {N_ROWS:,} x {N_COLUMNS} numbers with six decimals, {size / 1e9:.2f} GB, in the page cache; {RUNS} runs in turn.",
        "- Whole processes: start, import, reading (ockham also one pass over the rows). The matrix takes 763 MiB.",
        "",
        "| reader | seconds, least | median | against ockham | peak memory, MiB |",
        "|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        seconds = sorted(s for s, _ in runs)
        lines.append(f"| {name} | {seconds[0]:.2f} | {seconds[len(seconds) // 2]:.2f} | {seconds[0] / best:.1f} | "
                     f"{max(m for _, m in runs):,.0f} |")
    (HERE / "read.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What watching costs: a row beside prediction; a million rows at once beside the peers; memory by the stream's length."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROWS, COLUMNS = 1_000_000, 30
SHAPES = ((8, 8), (8, 32), (32, 8), (32, 32))
LENGTHS = (100_000, 1_000_000, 10_000_000)
PEERS = (("evidently", "main"), ("nannyml", "nannyml"), ("alibi", "alibi"))


def peak_of(pid):
    """Of the process's own memory so far, MiB; getrusage() would count that of its parent before the exec."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)


def timed(command, allowed=(0, 3), **options):
    """Seconds, processor seconds and peak MiB of a process; exit code 3 is the command's "drift"."""
    start, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, **options)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, peak_of(process.pid))
            time.sleep(0.01)
        seconds = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) not in allowed:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(map(str, command))}: {errors.read().decode().strip()[-300:]}")
    return {"seconds": seconds, "peak": peak, "cpu": usage.ru_utime + usage.ru_stime}


def a_row():
    """Nanoseconds of the processor, the least of five: prediction, monitor, both; in calls of one row and of 256."""
    out = []
    for k, d in SHAPES:
        done = subprocess.run([os.environ["WATCH"], "cost", str(k), str(d), "200000"], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        out += [[float(v) for v in line.split()] for line in done.stdout.splitlines()]
    return out


def write_tables(folder):
    rng = np.random.default_rng(0)
    for name in ("old", "new"):
        x = rng.normal(size=(ROWS, COLUMNS))
        np.save(folder / f"{name}.npy", x)
        lines = [",".join(f"x{j + 1}" for j in range(COLUMNS))]
        block = "\n".join(",".join(f"{v:.6g}" for v in row) for row in x[:100_000])
        (folder / f"{name}.csv").write_text("\n".join(lines + [block] * (ROWS // 100_000)) + "\n")


def a_batch(folder, python_of):
    ockham = os.environ["OCKHAM"]
    out = {}
    for form in ("npy", "csv"):
        old, new, model = folder / f"old.{form}", folder / f"new.{form}", folder / f"{form}.ock"
        out[f"profile, {form}"] = timed([ockham, "profile", str(old), "--model", str(model), "--quiet"])
        runs = [timed([ockham, "drift", str(model), str(new), "--quiet"]) for _ in range(3)]
        out[f"drift, {form}"] = min(runs, key=lambda r: r["cpu"])
        out[f"drift of two files, {form}"] = timed([ockham, "drift", str(old), str(new), "--quiet"])
    for name, venv in PEERS:
        done = subprocess.run([python_of(venv), str(HERE / "cost_peers.py"), name, str(folder / "old.npy"), str(folder / "new.npy")],
                              capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": str(os.cpu_count())})
        out[name] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"error": done.stderr.strip()[-200:]}
        print(name, out[name], flush=True)
    return out


def by_length(folder):
    """Peak memory of `ockham drift --stream`, rows of 8 columns through a pipe."""
    ockham, rng, out = os.environ["OCKHAM"], np.random.default_rng(0), []
    np.save(folder / "stream.npy", rng.normal(size=(10_000, 8)))
    subprocess.run([ockham, "profile", str(folder / "stream.npy"), "--model", str(folder / "stream.ock"), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    block = "\n".join(",".join(f"{v:.6g}" for v in row) for row in rng.normal(size=(100_000, 8))) + "\n"
    (folder / "block").write_text(block)
    head = ",".join(f"x{j + 1}" for j in range(8))
    for n in LENGTHS:
        feed = subprocess.Popen(["sh", "-c", f'echo {head}; i=0; while [ $i -lt {n // 100_000} ]; do cat {folder}/block; i=$((i+1)); done'], stdout=subprocess.PIPE)
        out.append({"rows": n} | timed([ockham, "drift", str(folder / "stream.ock"), "-", "--stream", "--quiet"], stdin=feed.stdout))
        feed.wait()
    return out


def measure(python_of):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = a_row()
        lengths = by_length(folder)
        write_tables(folder)
        return {"row": rows, "length": lengths, "batch": a_batch(folder, python_of)}

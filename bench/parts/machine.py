# SPDX-License-Identifier: Apache-2.0
"""What the machine can do, measured in the same run: bandwidth by a triad, arithmetic by matrix products. And who is who:
processor, versions, commit."""
import datetime
import importlib.metadata
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
THREADS = len(os.sched_getaffinity(0))
PACKAGES = ("scikit-learn", "scikit-learn-intelex", "faiss-cpu", "mlpack", "numpy")


def environment(threads=THREADS):
    """For a process that should use so many threads, whichever library it uses."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return os.environ | dict.fromkeys(names, str(threads)) | {"PYTHONPATH": str(HERE.parent)}


def output_of(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode} {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


def compile_c(source, target, *options):
    """Tells what the compiler said when it fails."""
    command = [os.environ.get("CC", "cc"), "-O3", "-D_GNU_SOURCE", str(HERE / source), "-o", str(target), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return str(target)


# ---- what it can do ----


def gemm_gflops(dtype, n=2048, runs=7):
    import numpy as np

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n, n)).astype(dtype)
    out, best = np.empty_like(a), np.inf
    for _ in range(runs):
        start = time.perf_counter()
        np.dot(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2e-9 * n**3 / best


def measure(folder):
    """For one thread and for all: GB/s of the triad, GFLOP/s of sgemm and dgemm (numpy's OpenBLAS, 2048 x 2048)."""
    triad = compile_c("triad.c", pathlib.Path(folder) / "triad", "-march=native", "-fopenmp")
    limits = {}
    for threads in sorted({1, THREADS}):
        env = environment(threads)
        gemm = output_of([sys.executable, "-m", "parts.machine"], env=env).split()
        limits[str(threads)] = {"triad": float(output_of([triad], env=env)), "sgemm": float(gemm[0]), "dgemm": float(gemm[1])}
    return limits


# ---- who it is ----


def version_of(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def r_version():
    return output_of(["Rscript", "--vanilla", "-e", "cat(as.character(getRversion()))"]) if shutil.which("Rscript") else None


def cache_sizes():
    sizes = {}
    for index in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
        if kind != "Instruction":
            sizes[f"L{level}"] = size.replace("K", " KiB").replace("M", " MiB")
    return ", ".join(f"{level} {size}" for level, size in sorted(sizes.items()))


def describe():
    lines = open("/proc/cpuinfo").read().splitlines()
    try:
        commit = output_of(["git", "describe", "--always", "--dirty"], cwd=ROOT)
    except (OSError, RuntimeError):
        commit = "unknown"
    versions = [f"{p} {version_of(p) or '(not installed)'}" for p in PACKAGES]
    return {
        "cpu": next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()),
        "cores": THREADS,
        "caches": cache_sizes(),
        "memory_gib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        "load": os.getloadavg()[0],
        "ockham": output_of([os.environ["OCKHAM"], "--version"]),
        "commit": commit,
        "versions": versions + [f"R {r_version() or '(not installed)'}", f"Python {platform.python_version()}"],
        "date": str(datetime.date.today()),
    }


if __name__ == "__main__":
    print(gemm_gflops("f4"), gemm_gflops("f8"))

# SPDX-License-Identifier: Apache-2.0
"""Running ockham: the command for times and memory, a small program on the library for the centres at every k."""
import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np

from parts import machine

# ru_maxrss of a child starts at its parent's size: so a parent of a few MiB stands between. Prints seconds and KiB.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
code = os.waitstatus_to_exitcode(status)
print(*([f"exit code {code}"] if code else [time.perf_counter() - start, usage.ru_maxrss]), file=sys.stderr)
sys.exit(code != 0)
"""


def launch(command, timeout):
    """What it and the launcher print; both are ended when time is up or the run is interrupted."""
    launcher = subprocess.Popen([sys.executable, "-S", "-c", LAUNCHER, *command], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, process_group=0, env=machine.environment())
    try:
        out, err = launcher.communicate(timeout=timeout)
    except BaseException:
        os.killpg(launcher.pid, signal.SIGKILL)
        launcher.wait()
        raise
    if launcher.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {err}")
    return out, err


class Ours:
    def __init__(self, folder):
        self.command = os.environ["OCKHAM"]
        library = pathlib.Path(self.command).resolve().parent / "libockham.so"
        if not library.exists():
            raise SystemExit(f"there is no {library}; run 'make build'")
        self.folder = folder
        self.program = machine.compile_c("ours.c", f"{folder}/ours", f"-I{machine.ROOT / 'include'}", str(library),
                                         f"-Wl,-rpath,{library.parent}")

    def sweep(self, table, k_max, *options, threads=machine.THREADS, timeout=None):
        """The command's JSON, with the seconds of the whole process and its peak memory in bytes beside it."""
        command = [self.command, "clusters", str(table), "--k-max", str(k_max), "--scale", "none", "--json", "--quiet",
                   "--threads", str(threads), "--criterion", "bic", *(options or ["--no-silhouette"])]
        out, err = launch(command, timeout)
        process_seconds, peak = err.split()[-2:]
        return json.loads(out) | {"process_seconds": float(process_seconds), "peak": int(peak) * 1024}

    def _run(self, *arguments, timeout=None):
        out = f"{self.folder}/ours.f64"
        command = [self.program, *map(str, arguments[:3]), str(machine.THREADS), out, *map(str, arguments[3:])]
        result = json.loads(machine.output_of(command, timeout=timeout, env=machine.environment()))
        return result, np.fromfile(out)

    def centres(self, table, k_max, d):
        """The centres for k = 1, 2, ..."""
        result, values = self._run("curve", table, k_max)
        sizes = [k * d for k in range(1, len(result["inertia"]) + 1)]
        return [part.reshape(-1, d) for part in np.split(values, np.cumsum(sizes)[:-1])]

    def fit(self, table, k, d, restarts=0, timeout=None):
        """Seconds of the fit in the process, and its centres."""
        result, values = self._run("fit", table, k, restarts, timeout=timeout)
        return result, values.reshape(-1, d)


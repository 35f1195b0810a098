# SPDX-License-Identifier: Apache-2.0
"""Does Ockham notice drift sooner than others that are allowed as many false alarms, and what does it cost?
`bench/run drift` writes drift.md and drift-power.svg. What has been computed is kept in $DRIFT_CACHE, a piece for each
method and family of streams, so that a run can be broken off. --only power, why, cost or outliers: that part anew; --render:
none. --methods: of the peers, those that begin so.

Peers come from PyPI into venvs under build/ (or in $PEERS): main, alibi, nannyml. $DRIFT_CACHE/data needs elec.csv and
weather.csv of github.com/scikit-multiflow/streaming-datasets."""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PARTS = HERE / "parts" / "drift"
CACHE = pathlib.Path(os.environ.setdefault("DRIFT_CACHE", str(HERE.parent / "build" / "drift")))
PEERS = pathlib.Path(os.environ.get("PEERS", HERE.parent / "build" / "drift-peers"))
OCKHAM = os.environ["OCKHAM"] = str(pathlib.Path(os.environ["OCKHAM"]).resolve())
sys.path.insert(0, str(PARTS))
sys.path.insert(0, str(HERE))
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def python_of(venv):
    """The Python of a peer's venv, which is made where there is none; "main" is this one."""
    if venv == "main":
        return sys.executable
    folder = PEERS / venv
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", "-r", str(PARTS / f"requirements-{venv}.txt")], check=True)
    return str(folder / "bin" / "python")


def compile_watch():
    """watch.c against the library that was built with the command."""
    build, target = pathlib.Path(OCKHAM).parent, CACHE / "watch"
    library = [str(build / "libockham.a")] if (build / "libockham.a").exists() else [str(build / "libockham.so"), f"-Wl,-rpath,{build}"]
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-I", str(HERE.parent / "include"), str(PARTS / "watch.c"), "-o", str(target),
                    *library, "-fopenmp", "-lm", "-lpthread", *os.environ.get("WATCH_LIBS", "").split()], check=True)
    os.environ["WATCH"] = str(target)


def run_power(like):
    import ours
    import peers
    ours.main(["ewma"])
    ours.main([d for d in ours.DETECTORS if d != "ewma"], range(5))
    for name, method in peers.METHODS.items():
        if name.startswith(like):
            subprocess.run([python_of(method.venv), str(PARTS / "peers.py"), name], check=True)


def stored(part, compute, wanted):
    """Measured anew where that is wanted; else what there is."""
    path = CACHE / f"{part}.json"
    if wanted:
        path.write_text(json.dumps(compute() | {"date": str(datetime.date.today()), "load": os.getloadavg()[0]}))
    return json.loads(path.read_text()) if path.exists() else None


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--only", choices=["power", "why", "cost", "outliers"])
    options.add_argument("--render", action="store_true")
    options.add_argument("--methods", default="")
    options = options.parse_args()
    start = time.time()
    (CACHE / "data").mkdir(parents=True, exist_ok=True)
    if not options.render:
        compile_watch()
    import cost
    import outliers
    import report
    import why
    wanted = lambda part: not options.render and options.only in (None, part)
    if wanted("power"):
        run_power(options.methods)
    parts = {"why": stored("why", why.measure, wanted("why")),
             "cost": stored("cost", lambda: cost.measure(python_of), wanted("cost")),
             "outliers": stored("outliers", outliers.measure, wanted("outliers"))}
    report.write(HERE / "drift.md", HERE / "drift-power.svg", parts, time.time() - start)


if __name__ == "__main__":
    main()

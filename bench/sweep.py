# SPDX-License-Identifier: Apache-2.0
"""Every k from 1 to K on one table: ockham's sweep against loops over the peers, in turn; single fits; silhouettes;
scaling. `bench/run sweep` takes under 30 minutes on two cores and writes sweep.md and sweep-scaling.svg.

  --quick       the small cases, in under 3 minutes    these two write build/sweep.md and leave
  --case NAME   one case, or `scaling`                 the committed files alone
  --keep        with --case: into the results of the last full run, and sweep.md is written again
  --render      write sweep.md again from the last full run (after an edit of scaling.EXPLANATIONS)
  --minutes M   for everything; peers' budgets shrink with it

The parts: parts/cases.py (what is measured), tables.py, peers.py, ours.py, machine.py, scaling.py, report.py."""
import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # here; each contestant gets all threads

import argparse
import json
import pathlib
import signal
import sys
import tempfile
import time

from parts import cases, machine, report, scaling
from parts.ours import Ours

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent / "build"
SCALING_WEIGHT = 110


class Writer:
    """Raw results in build/, the report beside this file (or in build/, for a part); written after each case."""

    def __init__(self, part, command):
        self.raw_path = BUILD / ("sweep-part.json" if part else "sweep.json")
        self.folder = BUILD if part else HERE
        self.command, self.start = command, time.monotonic()
        self.raw = None

    def begin(self, limits):
        self.raw = {"command": self.command, "machine": machine.describe(), "limits": limits, "cases": {}, "took": 0.0,
                    "complete": False}

    def load(self):
        if not self.raw_path.exists():
            raise SystemExit(f"there is no {self.raw_path}: no full run has been made here")
        self.raw = json.loads(self.raw_path.read_text())

    def add(self, name, result, complete):
        self.raw["cases"][name] = result
        self.raw["took"] = time.monotonic() - self.start
        self.raw["complete"] = complete
        self.write()

    def replace(self, name, result):
        who = machine.describe()
        self.raw["cases"][name] = result | {"again": f"{who['date']}, commit {who['commit']}, load average {who['load']:.1f}"}
        self.write()

    def write(self):
        BUILD.mkdir(exist_ok=True)
        self.raw_path.write_text(json.dumps(self.raw))
        if "series" in self.raw["cases"].get("scaling", {}):
            scaling.plot(self.raw["cases"]["scaling"], self.folder / "sweep-scaling.svg")
        (self.folder / "sweep.md").write_text(report.render(self.raw))


def plan(options):
    """Names of cases and their weights."""
    weights = {name: case.quick if options.quick else case.weight for name, case in cases.CASES.items()}
    if not options.quick:
        weights["scaling"] = SCALING_WEIGHT
    if options.case:
        if options.case not in weights:
            raise SystemExit(f"sweep: there is no case {options.case}; there are {', '.join(weights)}")
        weights = {options.case: weights[options.case]}
    return {name: weight for name, weight in weights.items() if weight > 0}


def measure_case(name, ours, seconds):
    with tempfile.TemporaryDirectory() as folder:
        try:
            if name == "scaling":
                return scaling.measure(ours, seconds, folder)
            return cases.run(cases.CASES[name], ours, seconds, folder)
        except Exception as error:  # the other cases go on; the report says it
            cases.say(f"    {error!r}")
            return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}


def measure_all(options, writer):
    weights = plan(options)
    minutes = options.minutes or (2.6 if options.quick else 27 if not options.case else max(weights.values()) / 60)
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(folder)
        if options.keep:
            writer.load()
        else:
            writer.begin(machine.measure(folder))
        names = list(weights)
        for i, name in enumerate(names):
            share = weights[name] / sum(weights[other] for other in names[i:])
            seconds = share * max(end - time.monotonic(), 5.0)
            cases.say(f"{name}: {seconds:.0f} s")
            result = measure_case(name, ours, seconds)
            if options.keep:
                writer.replace(name, result)
            else:
                writer.add(name, result, i == len(names) - 1)


def main():
    parser = argparse.ArgumentParser(prog="bench/run sweep")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("--minutes", type=float)
    options = parser.parse_args()
    if options.keep and not options.case:
        parser.error("--keep goes with --case")
    part = (options.quick or options.case) and not options.keep
    writer = Writer(part, " ".join(["bench/run sweep", *sys.argv[1:]]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    if options.render:
        writer.load()
        writer.write()
        return
    try:
        measure_all(options, writer)
    except KeyboardInterrupt:
        raise SystemExit(f"interrupted; the cases that were done are in {writer.folder / 'sweep.md'}")
    print(writer.folder.joinpath("sweep.md").read_text() if part else f"wrote {writer.folder / 'sweep.md'}")


if __name__ == "__main__":
    main()

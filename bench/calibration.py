# SPDX-License-Identifier: Apache-2.0
"""How long does a drift monitor run without drift, beside what it was asked for, and how soon does it notice a shift? Every
stream has a truth and a reference of its own; profile, stickiness and limits are found as for any user. Writes
calibration.md. Takes a processor half an hour; `bench/run calibration N` uses N streams a setting instead of 200."""
import concurrent.futures
import os
import pathlib
import sys
import tempfile

from parts import machine

HERE = pathlib.Path(__file__).resolve().parent
KS, SIZES, STICKINESSES = (4, 8, 16, 32), (500, 2000, 10000, 100000), (0, 0.2, 0.5)
SHIFTS = (0.1, 0.25, 0.5, 1)
MONITORS = [(kind, d, 10000, correlation, asked) for kind, d, correlation in (
    ("monitor", 5, 0), ("monitor", 5, 0.5), ("monitor", 30, 0), ("serial", 5, 0.5), ("serial", 5, 0.9))
    for asked in (1000, 10000)]


def library():
    """The static one beside the command, and what it is linked with."""
    build = pathlib.Path(os.environ["OCKHAM"]).resolve().parent
    return [str(build / "libockham.so"), f"-Wl,-rpath,{build}", "-lm", "-lpthread"]


def run(program, arguments):
    lines = machine.output_of([program, *map(str, arguments)]).splitlines()
    fields = [line.split(",") for line in lines]
    return [dict(setting=f[:4], asked=float(f[4]), n=int(f[5]), early=int(f[6]), mean=float(f[7]), error=float(f[8]),
                 median=float(f[9])) for f in fields]


def run_all(settings):
    with tempfile.TemporaryDirectory() as folder:
        program = machine.compile_c("calibration.c", f"{folder}/calibration", f"-I{machine.ROOT / 'include'}", *library())
        with concurrent.futures.ThreadPoolExecutor(machine.THREADS) as pool:
            return list(pool.map(lambda s: run(program, s), settings))


def ratio(r):
    return f"{r['mean'] / r['asked']:.2f} ± {r['error'] / r['asked']:.2f}"


def columns_table(results):
    yield "| bins | rows of the reference | stickiness | 1,000 | 10,000 | 100,000 |"
    yield "|---|---|---|---|---|---|"
    for budgets in results:
        _, k, size, stickiness = budgets[0]["setting"]
        yield f"| {k} | {int(size):,} | {stickiness} | {' | '.join(map(ratio, budgets))} |"


def summary(results):
    for at, asked in enumerate((1000, 10000, 100000)):
        ratios = sorted(budgets[at]["mean"] / asked for budgets in results)
        within = sum(0.8 <= r <= 1.2 for r in ratios)
        yield (f"- asked {asked:,}: {within} of {len(ratios)} settings within 20 %, from {ratios[0]:.2f} to {ratios[-1]:.2f}, "
               f"median {ratios[len(ratios) // 2]:.2f}")


def monitors_table(results):
    yield "| columns | correlation | of | asked | achieved / asked |"
    yield "|---|---|---|---|---|"
    for (r,) in results:
        of = "each row with the next" if r["setting"][0] == "serial" else "columns"
        yield f"| {r['setting'][1]} | {r['setting'][3]} | {of} | {r['asked']:,.0f} | {ratio(r)} |"


def delays_table(results):
    yield "| shift, standard deviations | rows until noticed: mean | median | streams | alarms before |"
    yield "|---|---|---|---|---|"
    for (r,) in results:
        yield f"| {r['setting'][3]} | {r['mean']:,.0f} ± {r['error']:.0f} | {r['median']:,.0f} | {r['n']} | {r['early']} |"


def main():
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    who = machine.describe()
    columns = [("column", k, n, s, streams, 1) for n in SIZES for s in STICKINESSES for k in KS]
    monitors = [(kind, d, n, c, streams, 1, asked) for kind, d, n, c, asked in MONITORS]
    delays = [("delay", 5, 10000, shift, streams, 1, 10000) for shift in SHIFTS]
    results = run_all(columns + monitors + delays)
    of_columns = results[:len(columns)]
    of_monitors = results[len(columns):-len(delays)]
    text = ["# Run lengths without drift, achieved and asked", "",
            f"`bench/run calibration`, {who['date']}: {who['cpu']}, {who['cores']} cores; {who['ockham']}, {who['commit']}.", "",
            f"Each number is the mean of {streams} streams, with its standard error, of rows until the first alarm, divided by",
            "what was asked for; every stream has shares of its own (Dirichlet(2)), a reference drawn from them, and limits",
            "found from that, with the stickiness that was estimated. Streams are given up at 30 times 100,000 rows.", "",
            *summary(of_columns), "", "## One column", "", *columns_table(of_columns), "",
            "## Whole monitors", "", "Normal columns, 8 clusters, a reference of 10,000 rows; budgets are split as usual.", "",
            *monitors_table(of_monitors), "", "## Delays", "",
            "One of 5 columns moves; a reference of 10,000 rows, 10,000 rows a false alarm asked for.", "",
            *delays_table(results[-len(delays):]), ""]
    (HERE / "calibration.md").write_text("\n".join(text))


if __name__ == "__main__":
    main()

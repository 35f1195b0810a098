# SPDX-License-Identifier: Apache-2.0
"""What one wild value does to a verdict; and how often windows without drift are called drift, by their size."""
import os
import subprocess

import numpy as np
import ours

WINDOWS, N_WINDOWS, N_REFERENCES, N_REFERENCE, COLUMNS = (50, 100, 200, 500, 1000, 5000), 300, 5, 10_000, 5
TESTS = ("wasserstein", "jensenshannon", "psi", "ks")
SHIFTS = (0, 0.1)  # standard deviations of one column
LEVEL = 0.01


def compare(reference, batches):
    """Of each batch: verdict, p-value, and PSI and shift of each column. One cluster: one Gaussian is what they are."""
    sent = ours.pack(reference, True) + b"".join(ours.pack(x, False) for x in batches)
    done = subprocess.run([os.environ["WATCH"], "compare", str(LEVEL), "1"], input=sent, capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip())
    rows = [[float(v) for v in line.split()] for line in done.stdout.decode().splitlines()[1:]]
    return [{"verdict": int(r[0]), "p": r[1], "psi": r[2::2], "shift": r[3::2]} for r in rows]


def score(test, old, new):
    import pandas as pd
    from evidently.legacy.calculations import stattests
    from evidently.legacy.core import ColumnType
    kind = {"wasserstein": stattests.wasserstein_stat_test, "jensenshannon": stattests.jensenshannon_stat_test,
            "psi": stattests.psi_stat_test, "ks": stattests.ks_stat_test}[test]
    found = kind(pd.Series(old), pd.Series(new), ColumnType.Numerical, None)
    return float(found.drift_score), bool(found.drifted)


def one_wild_value():
    """A shift of 1 sd in one column of two, with and without a single value of 1,000 sd beside it."""
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=(N_REFERENCE, 2)), rng.normal(size=(2000, 2))
    new[:, 0] += 1
    wild = new.copy()
    wild[7, 0] = 1000
    calm = rng.normal(size=(2000, 2))
    calm_wild = calm.copy()
    calm_wild[7, 0] = 1000
    cases = {"shift of 1 sd": new, "the same, one value of 1,000 sd": wild, "no shift": calm, "no shift, one value of 1,000 sd": calm_wild}
    found = compare(old, cases.values())
    return {name: {"ockham": said, **{t: score(t, old[:, 0], x[:, 0]) for t in TESTS}} for (name, x), said in zip(cases.items(), found)}


def false_alarms():
    """The share of windows that are called drift: of one column by evidently's tests, of five by "any" and by Ockham."""
    out = {}
    for shift in SHIFTS:
        for window in WINDOWS:
            cell = {name: [] for name in ("ockham", *TESTS)}
            for r in range(N_REFERENCES):
                rng = np.random.default_rng([window, int(10 * shift), r])
                old = rng.normal(size=(N_REFERENCE, COLUMNS))
                batches = rng.normal(size=(N_WINDOWS // N_REFERENCES, window, COLUMNS))
                batches[:, :, 0] += shift
                cell["ockham"] += [found["verdict"] == 2 for found in compare(old, batches)]
                for test in TESTS:
                    cell[test] += [score(test, old[:, 0], x[:, 0])[1] for x in batches]
            cell = {name: float(np.mean(said)) for name, said in cell.items()}
            out[f"{shift} {window}"] = cell
            print(shift, window, cell, flush=True)
    return out


def measure():
    return {"wild": one_wild_value(), "false": false_alarms()}

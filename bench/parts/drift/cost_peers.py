# SPDX-License-Identifier: Apache-2.0
"""A peer on two tables that are in memory already: `python cost_peers.py NAME OLD.npy NEW.npy` prints its seconds, those of
processors, and the process's peak memory before and after."""
import json
import os
import resource
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}


def frames(*tables):
    import pandas as pd
    return [pd.DataFrame(x, columns=[f"x{j + 1}" for j in range(x.shape[1])]) for x in tables]


def evidently(old, new):
    from evidently import Report
    from evidently.presets import DataDriftPreset
    return lambda: Report([DataDriftPreset()]).run(new, old).dict()


def nannyml(old, new):
    import nannyml

    def run():
        calculator = nannyml.UnivariateDriftCalculator(column_names=list(old.columns), chunk_number=10)
        calculator.fit(old)
        return calculator.calculate(new).to_df()
    return run


def alibi(old, new):
    from alibi_detect.cd import KSDrift
    old, new = old.to_numpy(), new.to_numpy()
    return lambda: KSDrift(old, p_val=0.01).predict(new)


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    name, *paths = sys.argv[1:]
    run = globals()[name](*frames(*(np.load(p) for p in paths)))
    before, start, cpu = peak_mib(), time.perf_counter(), time.process_time()
    run()
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "before": before, "peak": peak_mib()}))

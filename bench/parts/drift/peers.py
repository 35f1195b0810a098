# SPDX-License-Identifier: Apache-2.0
"""The peers, each by its own code, on the streams of streams.py. `python peers.py METHOD ...` under a Python that has the
package computes what is not in the cache yet, a family after the other.

Two kinds. Score: a number that rises with the evidence, for each row or each window, whatever the threshold is; 1 is the
method's own default threshold; after an alarm it is silent for `pause` rows, while its window fills anew. Alarm: it has a
parameter, and restarts itself."""
import os
import pathlib
import pickle
import sys
import time
import warnings

import numpy as np

import streams

CACHE = pathlib.Path(os.environ.get("DRIFT_CACHE", "/tmp/drift-cache"))
warnings.filterwarnings("ignore")
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}  # they would report their use


class Score:
    errors = False
    n_references, streams_a_reference = streams.N_REFERENCES, streams.STREAMS_A_REFERENCE
    n_quiet = streams.N_QUIET
    pause = 0


# ---- windows, one after the other ----


class Evidently(Score):
    """What DataDriftPreset does with each column. More than 1,000 reference rows: the normed Wasserstein distance, drift at
    0.1 (compiled.py; columns of at most 5 values by its own function: Jensen-Shannon); or KS, drift at .05. "any": the largest
    score of the columns, over its threshold; "half": as its default for a data set, half of the columns."""
    venv = "main"

    def __init__(self, window, ks=False):
        self.window, self.ks = window, ks

    def start(self, reference):
        import pandas as pd
        self.columns = [(np.sort(c), c.std(), pd.Series(c) if len(np.unique(c)) <= 5 and not self.ks else None) for c in reference.T]

    def score(self, old, sd, few, new):
        import compiled
        if few is not None:
            import pandas as pd
            from evidently.legacy.calculations.stattests import jensenshannon_stat_test
            from evidently.legacy.core import ColumnType
            return jensenshannon_stat_test(few, pd.Series(new), ColumnType.Numerical, None).drift_score / 0.1
        if self.ks:  # the statistic whose asymptotic p-value is .05
            return compiled.smirnov(old, np.sort(new)) / (1.3581 * np.sqrt(1 / len(old) + 1 / len(new)))
        return compiled.wasserstein(old, np.sort(new)) / max(sd, 0.001) / 0.1

    def run(self, live):
        rows, scores = [], {"any": [], "half": []}
        for end in range(self.window, len(live) + 1, self.window):
            ratios = sorted(self.score(*about, column) for about, column in zip(self.columns, live[end - self.window : end].T))
            rows.append(end)
            scores["any"].append(ratios[-1])
            scores["half"].append(ratios[-((len(ratios) + 1) // 2)])
        return rows, scores


class NannyML(Score):
    """Univariate, Jensen-Shannon with its fixed threshold of 0.1: the largest of the columns."""
    venv = "nannyml"

    def __init__(self, window):
        self.window = window

    def frame(self, x):
        import pandas as pd
        return pd.DataFrame(x, columns=[f"x{j}" for j in range(x.shape[1])])

    def start(self, reference):
        import nannyml
        names = list(self.frame(reference[:1]).columns)
        self.calculator = nannyml.UnivariateDriftCalculator(column_names=names, chunk_size=self.window)
        self.calculator.fit(self.frame(reference))

    def run(self, live):
        live = live[: len(live) // self.window * self.window]
        found = self.calculator.calculate(self.frame(live)).filter(period="analysis").to_df(multilevel=False)
        values = found[[c for c in found.columns if c.endswith("jensen_shannon_value")]].to_numpy() / 0.1
        return (found["chunk_end_index"] + 1).tolist(), {"any": values.max(axis=1).tolist()}


class NannyMLReconstruction(NannyML):
    """Multivariate: the error of reconstruction from principal components, outside three standard deviations of the
    reference's chunks."""

    def start(self, reference):
        import nannyml
        names = list(self.frame(reference[:1]).columns)
        self.calculator = nannyml.DataReconstructionDriftCalculator(column_names=names, chunk_size=self.window)
        self.calculator.fit(self.frame(reference))

    def run(self, live):
        live = live[: len(live) // self.window * self.window]
        found = self.calculator.calculate(self.frame(live)).filter(period="analysis").to_df(multilevel=False)
        value, low, high = (found[f"reconstruction_error_{n}"].to_numpy(float) for n in ("value", "lower_threshold", "upper_threshold"))
        middle = (low + high) / 2
        return (found["chunk_end_index"] + 1).tolist(), {"any": (np.abs(value - middle) / (high - middle)).tolist()}


# ---- windows that slide ----


class Alibi(Score):
    """Online detectors. Their statistic does not depend on the expected run time, so that it is enough to bootstrap
    little: thresholds are ours, tuned as everybody's. Columns are standardised by the reference."""
    venv = "alibi"
    n_references = 3  # it is slow
    streams_a_reference = 5
    families = ("5 columns", "clusters", "RBF", "weather")

    def __init__(self, name, window):
        self.name, self.window, self.pause = name, window, window
        self.module = {"MMDDriftOnline": "mmd_online", "LSDDDriftOnline": "lsdd_online"}[name]

    def start(self, reference):
        import alibi_detect.cd
        import torch
        torch.set_num_threads(1)
        np.random.seed(0)
        torch.manual_seed(0)
        module = sys.modules[f"alibi_detect.cd.pytorch.{self.module}"]
        module.quantile = lambda *_, **__: np.inf  # its own thresholds from so few bootstraps would be refused
        self.mean, self.sd = reference.mean(axis=0), reference.std(axis=0)
        self.sd[self.sd < 1e-9] = 1
        self.detector = getattr(alibi_detect.cd, self.name)(self.scale(reference), ert=50, window_size=self.window, backend="pytorch",
                                                            n_bootstraps=50, device="cpu", verbose=False)

    def scale(self, x):
        return ((x - self.mean) / self.sd).astype(np.float32)

    def run(self, live):
        self.detector.reset_state()
        scores = [float(self.detector.predict(row, return_test_stat=True)["data"]["test_stat"]) for row in self.scale(live)]
        return list(range(1, len(live) + 1)), {"any": scores}


class MMD(Score):
    """The statistic of alibi-detect's MMDDriftOnline and of frouros's MMDStreaming (compiled.py), columns standardised, sigma by
    the median of distances. It starts with the reference's last rows in its window."""
    venv = "main"
    n_references = 7

    def __init__(self, window, n_kept=2000):
        self.window = self.pause = window
        self.n_kept = n_kept

    def start(self, reference):
        from scipy.spatial.distance import pdist
        self.mean, self.sd = reference.mean(axis=0), reference.std(axis=0)
        self.sd[self.sd < 1e-9] = 1
        reference = (reference - self.mean) / self.sd
        self.sigma = np.sqrt(0.5 * np.median(pdist(reference[:2000], "sqeuclidean")))
        self.reference, self.tail = reference[: self.n_kept], reference[-self.window :]

    def run(self, live):
        import compiled
        x = np.concatenate([self.tail, (live - self.mean) / self.sd])
        found = compiled.mmd(self.reference, x, self.window, self.sigma)[self.window :]
        return list(range(1, len(live) + 1)), {"any": found.tolist()}


class KSWIN(Score):
    """River's, with its default windows (compiled.py): the largest statistic of the columns over the one that its default
    alpha asks for."""
    venv = "main"
    pause = 100
    n_references = 7

    def start(self, reference):
        self.tail = reference[-100:]

    def run(self, live):
        import compiled
        x = np.concatenate([self.tail, live])
        best = np.zeros(len(x))
        for j in range(x.shape[1]):
            best = np.maximum(best, compiled.kswin(np.ascontiguousarray(x[:, j]), 100, 30, j))
        rows = np.arange(1, len(live) + 1)
        return rows.tolist(), {"any": (best[100:] / compiled.kswin_level(0.005, 30)).tolist()}


# ---- with a parameter, and their own restarts ----


class River:
    """One detector a column; an alarm of any is one. They see the reference first."""
    venv = "main"
    n_references, streams_a_reference = streams.N_REFERENCES, streams.STREAMS_A_REFERENCE

    def __init__(self, make, default, grid, errors=False, standardise=False):
        self.make, self.default, self.grid = make, default, grid
        self.errors, self.standardise = errors, standardise

    def start(self, reference):
        self.reference = reference
        self.mean, self.sd = reference.mean(axis=0), reference.std(axis=0)
        self.sd[self.sd < 1e-9] = 1

    def alarms(self, live, parameter):
        """As with the defaults of its authors the rows are as they are; where we tune, standardised if that helps it."""
        x = np.concatenate([self.reference, live])
        if self.standardise and parameter != self.default:
            x = (x - self.mean) / self.sd
        n_before = len(self.reference)
        found = {i - n_before for column in x.T for i in self.make(np.ascontiguousarray(column), parameter) if i > n_before}
        return sorted(int(i) for i in found)


def compiled_rule(name):
    def alarms(column, parameter):
        import compiled
        return getattr(compiled, name)(column, parameter)
    return alarms


def river(name, key):
    def alarms(column, parameter):
        from river import drift
        detector, out = getattr(drift.binary, name)(**{key: parameter}), []
        for i, value in enumerate(column.tolist()):
            detector.update(value)
            if detector.drift_detected:
                out.append(i + 1)
        return out
    return alarms


DELTAS = tuple(3 / 1.5**i for i in range(60)) + tuple(10.0**-i for i in range(11, 200, 4))
LAMBDAS = tuple(8 * 1.07**i for i in range(80))
METHODS = {
    "evidently-100": Evidently(100), "evidently-500": Evidently(500), "evidently-1000": Evidently(1000),
    "evidently-ks-500": Evidently(500, ks=True),
    "nannyml-500": NannyML(500), "nannyml-1000": NannyML(1000), "nannyml-pca-500": NannyMLReconstruction(500),
    "mmd-100": MMD(100), "mmd-50": MMD(50, 1000),
    "alibi-lsdd-100": Alibi("LSDDDriftOnline", 100),
    "river-kswin": KSWIN(),
    "river-adwin": River(compiled_rule("adwin"), 0.002, DELTAS),
    "river-page-hinkley": River(compiled_rule("page_hinkley"), 50.0, LAMBDAS, standardise=True),
    "errors-adwin": River(compiled_rule("adwin"), 0.002, DELTAS, errors=True),
    "errors-page-hinkley": River(compiled_rule("page_hinkley"), 50.0, LAMBDAS, errors=True, standardise=True),
    "errors-ddm": River(river("DDM", "drift_threshold"), 3.0, (2.0, 2.4, 2.7, 3.0, 3.3, 3.6, 4.0, 4.5), errors=True),
    "errors-hddm-w": River(river("HDDM_W", "drift_confidence"), 0.001, (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 1e-2, 1e-3), errors=True),
    "errors-hddm-a": River(river("HDDM_A", "drift_confidence"), 0.001, (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 3e-3, 1e-3, 1e-4), errors=True),
}


# ---- the cache ----


frozen = False  # True: what is not in the cache is not computed


def cached(path, compute):
    path = CACHE / path
    if path.exists():
        return pickle.loads(path.read_bytes())
    if frozen:
        raise FileNotFoundError(path)
    start, value = time.process_time(), compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(pickle.dumps({"value": value, "seconds": time.process_time() - start}))
    temporary.rename(path)
    return pickle.loads(path.read_bytes())


def slim(found):
    rows, scores = found
    return np.array(rows, np.int32), {name: np.array(s, np.float32) for name, s in scores.items()}


def streams_of(method):
    """Numbers of the streams by reference: those of its first references, so many each."""
    for r in range(method.n_references):
        yield r, [r + s * streams.N_REFERENCES for s in range(method.streams_a_reference)]


def score_family(name, family):
    method = METHODS[name]
    scenarios = [s for s in streams.SCENARIOS if s.family == family]

    def compute():
        out = {"quiet": {}, "streams": {s.name: {} for s in scenarios}}
        for r, numbers in streams_of(method):
            method.start(streams.reference(family, r))
            out["quiet"][r] = slim(method.run(streams.quiet(family, r)[: method.n_quiet]))
            for s in scenarios:
                for i in numbers:
                    out["streams"][s.name][i] = slim(method.run(streams.stream(s, i)[0]))
        return out
    return cached(f"{name}/{family}.pickle", compute)


def quiet_alarms(name, family, parameter):
    method = METHODS[name]

    def compute():
        out = {}
        for r in range(method.n_references):
            method.start(streams.reference(family, r))
            out[r] = method.alarms(streams.quiet(family, r), parameter)
        return out
    return cached(f"{name}/{family}/quiet-{parameter:.6g}.pickle", compute)["value"]


def tune(name, family, run_length):
    """The parameter of the grid whose mean run length without drift is nearest; it falls or rises along the grid."""
    grid, tried = METHODS[name].grid, {}

    def ratio(i):
        if i not in tried:
            found = quiet_alarms(name, family, grid[i])
            tried[i] = len(found) * streams.N_QUIET / max(sum(map(len, found.values())), 0.5) / run_length
        return tried[i]
    low, high = 0, len(grid) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if ratio(middle) < 1 else (low, middle)
    for i in (low, high):
        ratio(i)
    return grid[min(tried, key=lambda i: abs(np.log(tried[i])))]


def alarm_family(name, family, run_length):
    method = METHODS[name]
    quiet_alarms(name, family, method.default)
    for parameter in {tune(name, family, run_length), method.default}:
        for s in (s for s in streams.SCENARIOS if s.family == family):
            def compute():
                out = {}
                for r, numbers in streams_of(method):
                    method.start(streams.reference(family, r))
                    out |= {i: method.alarms(streams.stream(s, i)[0], parameter) for i in numbers}
                return out
            cached(f"{name}/{family}/{s.name}-{parameter:g}.pickle", compute)


def main(names, run_length=10_000):
    for name in names:
        method = METHODS[name]
        for family in (f for f in streams.FAMILIES.values() if f.errors == method.errors and f.name in getattr(method, "families", streams.FAMILIES)):
            start = time.time()
            try:
                score_family(name, family.name) if isinstance(method, Score) else alarm_family(name, family.name, run_length)
            except Exception as error:
                print(f"{name}, {family.name}: {type(error).__name__}: {error}", flush=True)
            print(f"{name}, {family.name}: {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

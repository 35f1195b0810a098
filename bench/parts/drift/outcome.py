# SPDX-License-Identifier: Apache-2.0
"""From scores and alarms to delays: all methods brought to the same mean run length without drift, then compared."""
import dataclasses

import numpy as np
import ours
import peers
import streams

RUN_LENGTH = ours.RUN_LENGTH


@dataclasses.dataclass
class Result:
    """One method on one family: how long its runs without drift are, and what it did in each scenario."""
    quiet_rows: int
    quiet_alarms: int
    scenarios: dict   # name: {number of the stream: rows of alarms}

    @property
    def run_length(self):
        return self.quiet_rows / max(self.quiet_alarms, 0.5)


@dataclasses.dataclass
class Outcome:
    delays: np.ndarray   # rows from the change to the first alarm after it, infinite where none came
    false_alarms: int
    rows_before: int
    run_length: float    # without drift, of the method on this family

    @property
    def is_fair(self):
        """Not much more alarms than it was allowed."""
        return self.run_length >= RUN_LENGTH / 2

    @property
    def missed(self):
        return np.isinf(self.delays).mean()

    @property
    def median(self):
        return np.median(self.delays)  # infinite when more than half are missed

    @property
    def capped(self):
        """A miss counts as the whole horizon."""
        return np.minimum(self.delays, streams.HORIZON)

    @property
    def false_rate(self):
        return 1e4 * self.false_alarms / self.rows_before


# ---- thresholds ----


def crossings(rows, scores, threshold, pause):
    out, silent_until = [], 0
    for i in np.flatnonzero(scores >= threshold):
        if rows[i] > silent_until:
            out.append(int(rows[i]))
            silent_until = rows[i] + pause
    return out


def tuned_threshold(quiet, name, pause, n_rows):
    """The score that gives as many alarms without drift as the asked run length does; between two scores where none is
    exact."""
    wanted = n_rows / RUN_LENGTH
    values = np.unique(np.concatenate([s[name] for _, s in quiet.values()]))
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        count = sum(len(crossings(rows, s[name], values[middle], pause)) for rows, s in quiet.values())
        low, high = (middle + 1, high) if count > wanted else (low, middle)
    return values[low]


# ---- methods ----


def score_result(method, family, which="any", threshold=None):
    found = peers.cached(f"{method}/{family}.pickle", None)["value"]
    kind = peers.METHODS[method]
    n_rows = kind.n_quiet * len(found["quiet"])
    if threshold is None:
        threshold = tuned_threshold(found["quiet"], which, kind.pause, n_rows)
    alarms = lambda pair: crossings(pair[0], pair[1][which], threshold, kind.pause)
    return Result(n_rows, sum(len(alarms(pair)) for pair in found["quiet"].values()),
                  {name: {i: alarms(pair) for i, pair in by_stream.items()} for name, by_stream in found["streams"].items()})


def alarm_result(method, family, default=False):
    kind = peers.METHODS[method]
    parameter = kind.default if default else peers.tune(method, family, RUN_LENGTH)
    quiet = peers.quiet_alarms(method, family, parameter)
    scenarios = [s.name for s in streams.SCENARIOS if s.family == family]
    return Result(len(quiet) * streams.N_QUIET, sum(map(len, quiet.values())),
                  {name: peers.cached(f"{method}/{family}/{name}-{parameter:g}.pickle", None)["value"] for name in scenarios})


def ockham_result(detector, family):
    quiet, scenarios = [], {s.name: {} for s in streams.SCENARIOS if s.family == family}
    for r in range(streams.N_REFERENCES):
        if not (peers.CACHE / f"ockham-{detector}/{family}/{r}.pickle").exists():
            continue
        found = dict(ours.family_results(detector, family, r))
        found.pop("head")
        quiet.append(len(found.pop(None)))
        for (name, i), alarms in found.items():
            scenarios[name][i] = alarms
    if not quiet:
        raise FileNotFoundError(detector)
    return Result(len(quiet) * streams.N_QUIET, sum(quiet), scenarios)


def dummy_result(family):
    """An alarm every so many rows, whatever they are."""
    out = {}
    for s in (s for s in streams.SCENARIOS if s.family == family):
        out[s.name] = {}
        for i in range(streams.N_REFERENCES * streams.STREAMS_A_REFERENCE):
            first = int(streams.seeded("dummy", s.name, i).integers(1, RUN_LENGTH + 1))
            out[s.name][i] = list(range(first, 2 * RUN_LENGTH, RUN_LENGTH))
    n = streams.N_REFERENCES * streams.N_QUIET
    return Result(n, n // RUN_LENGTH, out)


# ---- scenarios ----

_befores = {}


def before_of(scenario, number):
    """How many rows come before the change: the first draw of the stream's seed."""
    key = (scenario.name, number)
    if key not in _befores:
        _befores[key] = int(streams.seeded("stream", *key).integers(1500, 2000))
    return _befores[key]


def outcome(result, scenario):
    delays, false_alarms, rows = [], 0, 0
    for number, alarms in result.scenarios[scenario.name].items():
        before = before_of(scenario, number)
        false_alarms += sum(a <= before for a in alarms)
        rows += before
        after = [a - before for a in alarms if before < a <= before + streams.HORIZON]
        delays.append(after[0] if after else np.inf)
    return Outcome(np.array(delays, float), false_alarms, rows, result.run_length)


def compare(a, b):
    """1: a is ahead, by two standard errors of the mean delay (a miss counts as the horizon) or more; -1: b is; 0."""
    difference = b.capped.mean() - a.capped.mean()
    error = np.sqrt(a.capped.var(ddof=1) / len(a.capped) + b.capped.var(ddof=1) / len(b.capped))
    return int(np.sign(difference)) if abs(difference) > 2 * error else 0

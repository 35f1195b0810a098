# SPDX-License-Identifier: Apache-2.0
"""Peers' rules once more, compiled, where their own code takes minutes for what is asked here. `python compiled.py` compares
each with the peer's own, alarm by alarm or number by number; what it says is in drift.md."""
import math
import random

import numba
import numpy as np
from scipy import stats

# ---- KSWIN: the latest r values of a window of w against r others drawn from the rest ----


@numba.njit(cache=True)
def _largest_gap(a, b):
    """n times the two-sample statistic of two sorted arrays of length n."""
    i = j = most = 0
    while i < len(a) and j < len(b):
        value = min(a[i], b[j])
        while i < len(a) and a[i] <= value:
            i += 1
        while j < len(b) and b[j] <= value:
            j += 1
        most = max(most, abs(i - j))
    return most


@numba.njit(cache=True)
def kswin(x, w, r, seed):
    """The statistic at each row; 0 before the window is full."""
    np.random.seed(seed)
    out = np.zeros(len(x))
    others = np.arange(w - r)
    for end in range(w, len(x) + 1):
        for i in range(r):
            j = i + np.random.randint(w - r - i)
            others[i], others[j] = others[j], others[i]
        out[end - 1] = _largest_gap(np.sort(x[end - w + others[:r]]), np.sort(x[end - r : end])) / r
    return out


@numba.njit(cache=True)
def _kswin_of(x, w, r, picks):
    out = np.zeros(len(x))
    for end in range(w, len(x) + 1):
        out[end - 1] = _largest_gap(np.sort(x[end - w + picks[end - w]]), np.sort(x[end - r : end])) / r
    return out


def kswin_level(alpha, r):
    """The least statistic whose p-value is at most alpha, as SciPy has it."""
    for j in range(1, r):
        a = np.arange(r, dtype=float)
        if stats.ks_2samp(a, a + j - 0.5).pvalue <= alpha:
            return j / r
    return 1.0


# ---- Page-Hinkley ----


@numba.njit(cache=True)
def page_hinkley(x, threshold, delta=0.005, alpha=1 - 0.0001, least=30):
    """Rows (from 1) of alarms; after each it begins anew."""
    out = []
    n, mean, up, down, lowest, highest = 0, 0.0, 0.0, 0.0, np.inf, -1.0
    for i in range(len(x)):
        n += 1
        mean += (x[i] - mean) / n
        up = alpha * up + x[i] - mean - delta
        down = alpha * down + x[i] - mean + delta
        lowest, highest = min(lowest, up), max(highest, down)
        if n >= least and (up - lowest > threshold or highest - down > threshold):
            out.append(i + 1)
            n, mean, up, down, lowest, highest = 0, 0.0, 0.0, 0.0, np.inf, -1.0
    return out


# ---- ADWIN: rows of at most 5 buckets; those of row j hold 2^j values ----


@numba.njit(cache=True)
def _insert(totals, spreads, counts, value):
    carry_total, carry_spread = value, 0.0
    for row in range(len(counts)):
        totals[row, counts[row]], spreads[row, counts[row]] = carry_total, carry_spread
        counts[row] += 1
        if counts[row] < 6:
            return
        size = 2.0**row
        gap = (totals[row, 0] - totals[row, 1]) / size
        carry_total = totals[row, 0] + totals[row, 1]
        carry_spread = spreads[row, 0] + spreads[row, 1] + 0.5 * size * gap * gap
        counts[row] -= 2
        for k in range(counts[row]):
            totals[row, k], spreads[row, k] = totals[row, k + 2], spreads[row, k + 2]


@numba.njit(cache=True)
def _has_cut(totals, counts, width, total, variance, delta, least):
    n0, u0 = 0.0, 0.0
    confidence = math.log(2 * math.log(width) / delta)
    for row in range(len(counts) - 1, -1, -1):
        for k in range(counts[row]):
            n0, u0 = n0 + 2.0**row, u0 + totals[row, k]
            n1 = width - n0
            if n0 < least or n1 < least:
                continue
            m = 1 / (n0 - least + 1) + 1 / (n1 - least + 1)
            if abs(u0 / n0 - (total - u0) / n1) > math.sqrt(2 * m * variance / width * confidence) + 2 / 3 * confidence * m:
                return True
    return False


@numba.njit(cache=True)
def adwin(x, delta, clock=32, least=5, grace=10):
    """Rows (from 1) of alarms; after each it begins anew, as River's does."""
    out = []
    totals, spreads, counts = np.zeros((32, 7)), np.zeros((32, 7)), np.zeros(32, np.int64)
    width, total, variance = 0.0, 0.0, 0.0
    for i in range(len(x)):
        if width > 0:
            gap = x[i] - total / width
            variance += width * gap * gap / (width + 1)
        width, total = width + 1, total + x[i]
        _insert(totals, spreads, counts, x[i])
        if width % clock == 0 and width > grace and _has_cut(totals, counts, width, total, variance, delta, least):
            out.append(i + 1)
            counts[:] = 0
            width, total, variance = 0.0, 0.0, 0.0
    return out


# ---- windows against a sorted reference ----


@numba.njit(cache=True)
def wasserstein(old, new):
    """The area between the distribution functions of two sorted arrays."""
    i = j = 0
    area, at = 0.0, min(old[0], new[0])
    while i < len(old) or j < len(new):
        value = old[i] if j >= len(new) or (i < len(old) and old[i] <= new[j]) else new[j]
        area += abs(i / len(old) - j / len(new)) * (value - at)
        at = value
        if i < len(old) and old[i] == value:
            i += 1
        else:
            j += 1
    return area


@numba.njit(cache=True)
def smirnov(old, new):
    i = j = 0
    most = 0.0
    while i < len(old) and j < len(new):
        value = min(old[i], new[j])
        while i < len(old) and old[i] <= value:
            i += 1
        while j < len(new) and new[j] <= value:
            j += 1
        most = max(most, abs(i / len(old) - j / len(new)))
    return most


# ---- MMD of a window that slides ----


@numba.njit(cache=True, fastmath=True)
def mmd(old, live, window, sigma):
    """The unbiased estimate, but for the term of the reference alone, which does not change: kernel exp(-d^2 / (2 s^2))."""
    factor, n = 1 / (2 * sigma * sigma), len(live)
    near = np.zeros((n, window))   # kernel of each row with those of the window before it
    cross = np.zeros(n)
    for i in range(n):
        for r in range(len(old)):
            d = 0.0
            for c in range(live.shape[1]):
                d += (live[i, c] - old[r, c]) ** 2
            cross[i] += math.exp(-d * factor)
        cross[i] /= len(old)
        for b in range(1, min(window, i + 1)):
            d = 0.0
            for c in range(live.shape[1]):
                d += (live[i, c] - live[i - b, c]) ** 2
            near[i, b] = math.exp(-d * factor)
    out = np.zeros(n)
    for end in range(window, n + 1):
        pairs = 0.0
        for i in range(end - window, end):
            for b in range(1, i - (end - window) + 1):
                pairs += near[i, b]
        out[end - 1] = 2 * pairs / (window * (window - 1)) - 2 * cross[end - window : end].mean()
    return out


# ---- the same as the peers' own ----


def first_alarms(make, x):
    """Of River: rows of all alarms."""
    detector, out = make(), []
    for i, value in enumerate(x.tolist()):
        detector.update(value)
        if detector.drift_detected:
            out.append(i + 1)
    return out


def check_kswin(n_streams=10):
    from river import drift
    agreed = 0
    for seed in range(n_streams):
        x = np.random.default_rng(seed).normal(size=3000)
        rng = random.Random(seed)
        picks = np.array([rng.sample(range(70), 30) for _ in range(len(x) - 99)])
        ours = np.flatnonzero(_kswin_of(x, 100, 30, picks) >= kswin_level(0.005, 30) - 1e-9)[:1] + 1
        agreed += ours.tolist() == first_alarms(lambda: drift.KSWIN(seed=seed), x)[:1]
    return f"KSWIN: first alarms the same in {agreed} of {n_streams} streams"


def check_sums(n_streams=10):
    from river import drift
    same = [0, 0]
    for seed in range(n_streams):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=8000) + 0.3 * np.repeat(rng.normal(size=8), 1000)
        same[0] += list(page_hinkley(x, 20.0)) == first_alarms(lambda: drift.PageHinkley(threshold=20.0), x)
        same[1] += list(adwin(x, 0.1)) == first_alarms(lambda: drift.ADWIN(delta=0.1), x)
    return f"Page-Hinkley, ADWIN: all alarms the same in {same[0]} and {same[1]} of {n_streams} streams"


def check_evidently(n=20):
    import pandas as pd
    from evidently.legacy.calculations.stattests import ks_stat_test, wasserstein_stat_test
    from evidently.legacy.core import ColumnType
    rng, most, same = np.random.default_rng(0), 0, 0
    old = np.sort(rng.normal(size=2000))
    for i in range(n):
        new = np.sort(rng.normal(size=500) + 0.02 * i)
        said = wasserstein_stat_test(pd.Series(old), pd.Series(new), ColumnType.Numerical, None).drift_score
        most = max(most, abs(wasserstein(old, new) / old.std() / said - 1))
        same += (smirnov(old, new) >= 1.3581 * math.sqrt(1 / 2000 + 1 / 500)) == ks_stat_test(pd.Series(old), pd.Series(new), ColumnType.Numerical, None).drifted
    return f"evidently: Wasserstein differs by {most:.0e} at most, KS says the same of {same} of {n} windows"


def main():
    import warnings
    warnings.filterwarnings("ignore")
    for check in (check_kswin, check_sums, check_evidently):
        print(check(), flush=True)


if __name__ == "__main__":
    main()

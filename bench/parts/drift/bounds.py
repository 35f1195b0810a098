# SPDX-License-Identifier: Apache-2.0
"""How soon a shift of one mean can be noticed at all, and what parts of Ockham's statistic cost: from formulas, and from
simulations that take the parts away one by one. Nothing here runs Ockham."""
import dataclasses
import itertools
import math

import numba
import numpy as np
from scipy import optimize, special

REFERENCE, N_QUIET, HORIZON, BEFORE = 2_000, 20_000, 5_000, 1_750
STREAMS = 300  # quiet ones, and as many of each shift; a reference each


# ---- CUSUM, mean and deviation known: D. Siegmund, "Sequential Analysis", 1985, with the overshoot's 1.166 ----
# Allowance .5, limit 5: 469 and 10.3 rows; tables of exact values have 465 and 10.4 (D. Montgomery, "Introduction to
# Statistical Quality Control"). Simulated in the middle of a stream, where sums are seldom 0: up to a tenth less.


def one_sided(drift, limit):
    """Rows until a sum with such steps first exceeds the limit."""
    b = limit + 1.166
    return b * b if abs(drift) < 1e-9 else (math.exp(-2 * drift * b) + 2 * drift * b - 1) / (2 * drift * drift)


def cusum_delay(shift, run_length):
    """Two-sided, its allowance half of the shift, which is best for it."""
    limit = optimize.brentq(lambda h: one_sided(-shift / 2, h) / 2 - run_length, 0, 60 / shift)
    return one_sided(shift / 2, limit)


# ---- simulated: statistics of a row, the larger the rarer ----


@numba.njit(cache=True)
def cusum(x, mean, sd, allowance, out):
    up = down = 0.0
    for i in range(len(x)):
        z = (x[i] - mean) / sd
        up, down = max(0.0, up + z - allowance), max(0.0, down - z - allowance)
        out[i] = max(out[i], up, down)
    return up


@numba.njit(cache=True)
def likelihood_ratio(x, total, n, out):
    """The largest two-sample z of the latest rows, 16 or more and then by halves as many again, against all before them:
    the reference and the rows since then."""
    blocks = len(x) // 16
    sums = np.zeros(blocks + 1)
    for b in range(blocks):
        sums[b + 1] = sums[b] + x[16 * b : 16 * b + 16].sum()
        most, length = 0.0, 1
        while length <= b + 1:
            start, late = b + 1 - length, 16.0 * length
            difference = (sums[b + 1] - sums[start]) / late - (total + sums[start]) / (n + 16 * start)
            most = max(most, abs(difference) / math.sqrt(1 / late + 1 / (n + 16 * start)))
            length += max(1, length // 2)
        out[16 * b + 15] = max(out[16 * b + 15], most)


@numba.njit(cache=True)
def tail(z):
    """-log10 of the probability beyond z standard deviations."""
    if z < 30:
        return -math.log10(0.5 * math.erfc(z / math.sqrt(2)))
    return (z * z / 2 + math.log(z * math.sqrt(2 * math.pi))) / math.log(10)


@numba.njit(cache=True)
def ewma(codes, scores, squares, spread, spans, n, inflation, smooth_only, out):
    """Ockham's statistic of a column of ten bins, each a tenth of the reference: see src/drift/ewma.h. inflation: of
    the variance by stickiness; smooth_only: location without scale and squares."""
    bins = len(scores)
    counts, d = np.zeros(bins), np.zeros((len(spans), bins))
    waiting, decay = np.zeros((len(spans), bins)), np.ones(len(spans))
    n_waiting, score = np.zeros(len(spans)), np.zeros(len(spans))
    for i in range(len(codes)):
        counts[codes[i]] += 1
        if i % 16 < 15:
            continue
        for s in range(len(spans)):
            m = max(16, spans[s] // 8 - spans[s] // 8 % 16)
            waiting[s] += counts / 16 - 1 / bins
            n_waiting[s] += 16
            if n_waiting[s] < m:
                continue
            l = 1 - math.exp(-m / spans[s])
            d[s] += l * (waiting[s] * 16 / m - d[s])
            waiting[s] = 0
            n_waiting[s] = 0
            decay[s] *= 1 - l
            variance = inflation * (l / (2 - l) / m * (1 - decay[s] ** 2) + (1 - decay[s]) ** 2 / n)
            score[s] = tail(abs((d[s] * scores).sum()) / math.sqrt(variance)) - math.log10(2)
            if smooth_only:
                continue
            square, freedom = 1 + spread * (d[s] * squares).sum(), 2 / (spread * spread * variance)
            root = math.sqrt(2 * freedom * max(square, 0.0)) - math.sqrt(2 * freedom - 1)
            ratio = (d[s] ** 2).sum() * bins / ((bins - 1) * variance)
            cube = 2 / (9 * (bins - 1))
            score[s] = max(score[s], tail(abs(root)) - math.log10(2), tail((ratio ** (1 / 3) - 1 + cube) / math.sqrt(cube)))
        counts[:] = 0
        out[i] = max(out[i], score.max())


def contrasts(bins=10):
    """Normal scores of the bins, and what is left of their squares, both of variance 1; and the deviation of these squares."""
    scores = special.ndtri((np.arange(bins) + 0.5) / bins)
    scores /= scores.std()
    squares = scores**2 - (scores**2).mean()
    return scores, squares / squares.std(), squares.std()


SCORES = contrasts()


@dataclasses.dataclass(frozen=True)
class Rule:
    """statistic: function of (a column's reference, its rows, out); the largest of the columns counts. Begins anew after
    each alarm."""
    statistic: object
    columns: int = 1
    reference: int = REFERENCE

    def alarms(self, seed, n, limit, shift=0.0, before=0):
        rng = np.random.default_rng([self.columns, before, seed])
        old, new = rng.normal(size=(self.columns, self.reference)), rng.normal(size=(self.columns, n))
        new[0, before:] += shift
        start = 0
        while start < n:
            out = np.zeros(n - start)
            for c in range(self.columns):
                self.statistic(old[c], new[c, start:], out)
            above = out > limit
            first = int(above.argmax())
            if not above[first]:
                return
            start += first + 1
            yield start

    def tuned(self, run_length):
        """The limit with so many rows without drift a false alarm."""
        allowed = STREAMS * N_QUIET // run_length

        def too_many(limit):
            all_alarms = (a for i in range(STREAMS) for a in self.alarms(i, N_QUIET, limit))
            return len(list(itertools.islice(all_alarms, allowed + 1))) > allowed
        low, high = 3.0, 6.0  # as standard deviations, and as logarithms, too low for any run length of interest
        while too_many(high):
            low, high = high, 2 * high
        for _ in range(8):
            middle = (low + high) / 2
            low, high = (middle, high) if too_many(middle) else (low, middle)
        return (low + high) / 2

    def delay(self, shift, limit):
        """Mean rows from a change to the first alarm after it; a miss counts as the horizon."""
        rows = [next((a - BEFORE for a in self.alarms(i, BEFORE + HORIZON, limit, shift, BEFORE) if a > BEFORE), HORIZON) for i in range(STREAMS)]
        return float(np.mean(rows))


def cusum_of(allowance, known):
    return lambda old, new, out: cusum(new, 0.0 if known else old.mean(), 1.0 if known else old.std(), allowance, out)


def ratio(old, new, out):
    likelihood_ratio(new, old.sum(), float(len(old)), out)


def ewma_of(spans, smooth_only, known=False):
    def statistic(old, new, out):
        edges = special.ndtri(np.arange(1, 10) / 10) if known else np.quantile(old, np.arange(1, 10) / 10)
        ewma(np.searchsorted(edges, new), *SCORES, np.array(spans), np.inf if known else float(len(old)), 1.0, smooth_only, out)
    return statistic


def ladder(rule_of, run_length, shifts):
    """Delays of the rule that is best for each shift: rule_of(shift)."""
    out, limits = [], {}
    for shift in shifts:
        rule = rule_of(shift)
        if rule not in limits:
            limits[rule] = rule.tuned(run_length)
        out.append(rule.delay(shift, limits[rule]))
    return out


# ---- rows that stay in their bin, and rows that move to bins nearby ----


@numba.njit(cache=True)
def make_autoregressive(x):
    for i in range(1, len(x)):
        x[i] = 0.5 * x[i - 1] + math.sqrt(0.75) * x[i]


@numba.njit(cache=True)
def make_stay(codes, stays):
    for i in range(1, len(codes)):
        if stays[i]:
            codes[i] = codes[i - 1]


def high_scores(span, autoregressive, smooth_only, streams=60, rows=20_000, stretch=2_000):
    """What 5 % of stretches without drift exceed; autocorrelation .5: each row half of the one before, or in its bin with
    a probability of a half."""
    edges, tops = special.ndtri(np.arange(1, 10) / 10), []
    for i in range(streams):
        rng, out = np.random.default_rng(i), np.zeros(rows)
        x = rng.normal(size=rows)
        if autoregressive:
            make_autoregressive(x)
        codes = np.searchsorted(edges, x)
        if not autoregressive:
            make_stay(codes, rng.uniform(size=rows) < 0.5)
        ewma(codes, *SCORES, np.array((span,)), np.inf, 3.0, smooth_only, out)
        tops.append(out.reshape(-1, stretch).max(axis=1))
    return float(np.quantile(np.concatenate(tops), 0.95))


def lumps():
    """By span: of location alone and of all components, rows that move and rows that stay."""
    return {span: [high_scores(span, autoregressive, smooth_only) for smooth_only in (True, False) for autoregressive in (True, False)] for span in (32, 83, 250)}

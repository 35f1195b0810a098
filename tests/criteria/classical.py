# SPDX-License-Identifier: Apache-2.0
"""Write classical.h: values of the classical criteria for labels of k = 1 ... K_MAX, from programs and by definition.

Run by hand, then lay it out (tools/check_format --fix):  R_LIBS=... python classical.py > classical.h
It wants numpy, scipy and scikit-learn, and R with NbClust 3.0.1, clusterCrit 1.3.0 and capushe 1.1.

Where a program computes something else than what it says, its value is turned into the right one if that can be done,
and the value by definition stands beside it. What was found:
- NbClust takes X'X of the data as they are for T, not about their mean: ccc changes when the data are shifted. Here it
  gets centred columns. Its friedman multiplies W^-1 and B element by element, its rubin is tr(T) / tr(W), its trcovw is
  the covariance of the rows of the matrix W; none of these can be turned into the right value.
- NbClust's Beale test multiplies by 2^(2/d) - 1 where 1 is to be subtracted last.
- NbClust's hartigan has n - k where n - k - 1 is meant: its k is the one before.
- NbClust finds the number of long edges of ccc from the volume of all columns, not from that of the long ones: it agrees
  only where that makes no difference, and it is asked only there.
- NbClust takes the first row of a cluster for its centroid in kl, hartigan, ball and ratkowsky where there is one column.
- NbClust's density about a centroid counts the rows of that cluster only, not those of both; clusterCrit adds densities up
  over pairs where their mean is meant. The first agrees where no row is near another cluster's centroid.
- clusterCrit's Xie_Beni takes distances between rows; its Ray_Turi is the index of Xie & Beni for clusters that do not
  overlap. Its Ratkowsky_Lance is the root of the mean, not the mean of the roots. Its Ball_Hall is the mean over clusters
  of S_j / n_j, not S / k.
"""

import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.cluster import KMeans

K_MAX = 8

R_PROGRAM = r"""
suppressMessages({library(NbClust); library(clusterCrit)})
inside <- new.env(parent = asNamespace("NbClust"))  # its functions are defined within its one function
for (e in as.list(body(NbClust::NbClust)))
  if (is.call(e) && identical(e[[1]], as.name("<-")) && is.call(e[[3]]) && identical(e[[3]][[1]], as.name("function")))
    eval(e, inside)
folder <- commandArgs(TRUE)[1]
for (set in list.files(folder, pattern = "^rows")) {
  x <- as.matrix(read.csv(file.path(folder, set), header = FALSE))
  labels <- as.matrix(read.csv(file.path(folder, sub("rows", "labels", set)), header = FALSE)) + 1
  say <- function(name, k, value) cat(sub("rows|.csv", "", sub(".csv", "", set)), name, k, sprintf("%.17g", value), "\n")
  tt <- t(x) %*% x
  s <- sqrt(eigen(tt / (nrow(x) - 1))$values)
  for (k in 2:ncol(labels)) {
    cl <- as.integer(labels[, k])
    names <- c("Banfeld_Raftery", "Det_Ratio", "Ksq_DetW", "Log_Det_Ratio", "Log_SS_Ratio", "PBM", "Ray_Turi", "SD_Dis",
               "SD_Scat", "S_Dbw", "Trace_W", "Trace_WiB")
    values <- intCriteria(x, cl, names)
    for (name in names) say(paste0("clusterCrit.", name), k, values[[tolower(name)]])
    wbt <- inside$Indices.WBT(x, cl, P = tt, s = s, vv = prod(s))
    for (name in c("ccc", "scott", "marriot", "tracew", "friedman", "rubin", "trcovw"))
      say(paste0("NbClust.", name), k, wbt[[name]])
    if (k < ncol(labels)) {
      clall <- labels[, c(k - 1, k, k + 1)]
      traces <- inside$Indices.Traces(x, NULL, clall)
      for (name in c("kl", "ratkowsky", "ball")) say(paste0("NbClust.", name), k, traces[[name]])
      say("NbClust.hartigan", k, inside$Indices.Traces(x, NULL, clall)[["hart"]])
    }
    say("NbClust.sdindex", k, inside$Index.sdindex(x, as.integer(labels[, ncol(labels)]), cl))
    say("NbClust.sdbw", k, inside$Index.SDbw(x, cl))
  }
}
"""

SLOPE_PROGRAM = r"""
suppressMessages(library(capushe))
folder <- commandArgs(TRUE)[1]
for (set in sort(list.files(folder, pattern = "^curve"))) {
  m <- read.csv(file.path(folder, set), header = FALSE)
  chosen <- tryCatch(suppressWarnings(DDSE(m))@model, error = function(e) "0")
  cat(chosen, "\n")
}
"""


def run_r(program, folder):
    return subprocess.run(["Rscript", "-e", program, folder], capture_output=True, text=True, check=True).stdout


# ---- rows and labels ----


def cases():
    """Rows as multiples of 1/64, about a mean of 0 in each column."""
    rng = np.random.default_rng(20250117)
    centres = np.array([[0, 0, 0], [9, 1, 0], [1, 8, 2], [-7, -6, 5]])
    x = np.vstack([c + rng.normal(0, sd, (30, 3)) for c, sd in zip(centres, (1, 1.5, 1, 2))])
    yield "four blobs", x
    yield "two columns, correlated", rng.normal(0, 1, (70, 2)) @ np.array([[3, 2], [0, 1]]) + np.repeat([[0, 0], [14, -3]], 35, 0)
    yield "one column", np.concatenate([rng.normal(m, 0.6, 20) for m in (0, 4, 10)])[:, None]
    yield "noise", rng.uniform(-5, 5, (60, 5)) * np.array([4, 2, 2, 1, 0.3])


def integers(x):
    """The means of columns are exactly 0, so that integers carry what NbClust has to be given."""
    raw = np.round(x * 64).astype(int)
    raw -= np.round(raw.mean(axis=0)).astype(int)
    for l, rest in enumerate(raw.sum(axis=0)):
        raw[: abs(rest), l] -= int(np.sign(rest))
    assert (raw.sum(axis=0) == 0).all()
    return raw


def labellings(x):
    return np.array([KMeans(k, n_init=20, random_state=0).fit_predict(x) for k in range(1, K_MAX + 1)]).T


# ---- by definition ----


def scatter(x):
    x = x - x.mean(axis=0)
    return x.T @ x


class Clustering:
    def __init__(self, x, labels):
        self.x, self.labels = x, labels
        self.n, self.d = x.shape
        self.k = labels.max() + 1
        self.parts = [x[labels == j] for j in range(self.k)]
        self.sizes = np.array([len(p) for p in self.parts])
        self.centroids = np.array([p.mean(axis=0) for p in self.parts])
        self.T = scatter(x)
        self.W = sum(scatter(p) for p in self.parts)
        self.B = self.T - self.W
        self.S = np.trace(self.W)
        self.within = np.array([np.trace(scatter(p)) for p in self.parts])
        pairs = self.centroids[:, None, :] - self.centroids[None, :, :]
        self.between = np.sqrt((pairs**2).sum(axis=2))
        halve = KMeans(2, n_init=100, random_state=0, tol=0)
        self.halves = np.array([halve.fit(p).inertia_ if len(p) > 2 else 0.0 for p in self.parts])

    def log_det(self, matrix):
        return np.linalg.slogdet(matrix)[1]

    def log_likelihood(self, variance, normaliser):
        """EII, row by row, with the density's constants as they are given."""
        mixing = (self.sizes * np.log(self.sizes / self.n)).sum()
        return mixing - self.n * self.d / 2 * math.log(2 * math.pi * variance) - normaliser

    def dis(self):
        apart = self.between[~np.eye(self.k, dtype=bool)]
        return apart.max() / apart.min() * (1 / self.between.sum(axis=1)).sum()

    def scat(self):
        return np.mean([np.linalg.norm(p.var(axis=0)) for p in self.parts]) / np.linalg.norm(self.x.var(axis=0))

    def dens_bw(self):
        reach = math.sqrt(sum(np.linalg.norm(p.var(axis=0)) for p in self.parts)) / self.k
        total = 0.0
        for i in range(self.k):
            for j in range(i):
                both = np.vstack([self.parts[i], self.parts[j]])
                count = lambda u: int((np.linalg.norm(both - u, axis=1) <= reach).sum())
                ci, cj = self.centroids[i], self.centroids[j]
                middle, denser = count((ci + cj) / 2), max(count(ci), count(cj))
                if middle > 0:  # where nothing is near anywhere there is nothing between
                    total += middle / denser if denser else math.nan
        return total / (self.k * (self.k - 1) / 2)

    def ccc(self):
        if self.k == 1:
            return 0.0
        s = np.sqrt(np.sort(np.linalg.eigvalsh(self.T / (self.n - 1)))[::-1])
        q, n = self.k, self.n
        for p in range(min(len(s), q - 1), 0, -1):
            u = s / (np.prod(s[:p]) / q) ** (1 / p)
            if u[p - 1] >= 1:
                break
        left = (1 / (n + u[:p])).sum() + (u[p:] ** 2 / (n + u[p:])).sum()
        expected = 1 - left / (u**2).sum() * ((n - q) ** 2 / n) * (1 + 4 / n)
        r2 = 1 - self.S / np.trace(self.T)
        return math.log((1 - expected) / (1 - r2)) * math.sqrt(n * p / 2) / (0.001 + expected) ** 1.2

    def duda(self):
        d = self.d
        return min(
            h / w - (1 - 2 / (math.pi * d) - 3.2 * math.sqrt(2 * (1 - 8 / (math.pi**2 * d)) / (m * d)))
            for h, w, m in zip(self.halves, self.within, self.sizes)
            if m > 2
        )

    def beale(self):
        d = self.d
        return min(
            stats.f.sf(((w - h) / h) / ((m - 1) / (m - 2) * 2 ** (2 / d) - 1), d, (m - 2) * d)
            for h, w, m in zip(self.halves, self.within, self.sizes)
            if m > 2
        )

    def pelleg_moore(self):
        variance = self.S / (self.n - self.k)
        total = 0.0
        for m in self.sizes:
            total += -m / 2 * math.log(2 * math.pi) - m * self.d / 2 * math.log(variance) - (m - self.k) / 2
            total += m * math.log(m) - m * math.log(self.n)
        return total - self.k * (self.d + 1) / 2 * math.log(self.n)

    def spread(self, about=None):
        about = self.centroids[self.labels] if about is None else about
        return np.linalg.norm(self.x - about, axis=1).sum()


def aicc(c):
    """The better of both models of bic, by density functions."""
    values = []
    own = np.array([w / (m * c.d) for w, m in zip(c.within, c.sizes)])
    for variances, p in ((np.full(c.k, c.S / (c.n * c.d)), c.k * (c.d + 1)), (own, c.k * (c.d + 2) - 1)):
        if p > c.k * (c.d + 1) and c.sizes.min() < 5:
            continue
        total = (c.sizes * np.log(c.sizes / c.n)).sum()
        for part, centroid, v in zip(c.parts, c.centroids, variances):
            total += stats.norm.logpdf(part, centroid, math.sqrt(v)).sum()
        values.append(2 * total - 2 * p - 2 * p * (p + 1) / (c.n * c.d - p - 1))
    return max(values)


def pham(cs):
    alpha, values = None, [1.0]
    for k in range(2, K_MAX + 1):
        alpha = 1 - 3 / (4 * cs[0].d) if k == 2 else alpha + (1 - alpha) / 6
        values.append(cs[k - 1].S / (alpha * cs[k - 2].S))
    return values


def over_k(function, first=1, last=K_MAX):
    values = [function(k) if first <= k <= last else None for k in range(1, K_MAX + 1)]
    return [v if v is not None and math.isfinite(v) else None for v in values]


def defined(x, labels):
    """Name of the criterion to its values by definition."""
    cs = [Clustering(x, labels[:, k]) for k in range(K_MAX)]
    c = lambda k: cs[k - 1]
    n, d = x.shape
    diff = lambda k: (k - 1) ** (2 / d) * c(k - 1).S - k ** (2 / d) * c(k).S
    det_ratio = lambda k: math.exp(c(k).log_det(c(k).T) - c(k).log_det(c(k).W))
    trace = lambda k: np.trace(np.linalg.solve(c(k).W, c(k).B))
    distortion = lambda k: c(k).S / c(1).S
    log_ss = lambda k: math.log((c(1).S - c(k).S) / c(k).S)
    second = lambda f: lambda k: (f(k) - f(k - 1)) - (f(k + 1) - f(k))
    apart = lambda k: c(k).between[~np.eye(k, dtype=bool)]
    return cs, {
        "aicc": over_k(lambda k: aicc(c(k))),
        "bic-pelleg-moore": over_k(lambda k: c(k).pelleg_moore()),
        "slope-heuristic": over_k(lambda k: c(k).log_likelihood(c(k).S / (n * d), n * d / 2)),
        "banfield-raftery": over_k(lambda k: (c(k).sizes * np.log(c(k).within / c(k).sizes)).sum()),
        "krzanowski-lai": over_k(lambda k: abs(diff(k) / diff(k + 1)), 2, K_MAX - 1),
        "hartigan": over_k(lambda k: (c(k).S / c(k + 1).S - 1) * (n - k - 1), 1, K_MAX - 1),
        "trcovw": over_k(lambda k: c(k - 1).S / (n - k + 1) - c(k).S / (n - k), 2),
        "tracew": over_k(lambda k: (c(k - 1).S - c(k).S) - (c(k).S - c(k + 1).S), 2, K_MAX - 1),
        "ball-hall": over_k(lambda k: c(k - 1).S / (k - 1) - c(k).S / k, 2),
        "log-ss-ratio": over_k(second(log_ss), 3, K_MAX - 1),
        "jump": [0.0] + [math.log(distortion(k) ** (-d / 2) - distortion(k - 1) ** (-d / 2)) for k in range(2, K_MAX + 1)],
        "pham": pham(cs),
        "wb-index": over_k(lambda k: k * c(k).S / (c(1).S - c(k).S), 2),
        "variance-explained": over_k(lambda k: 1 - c(k).S / c(1).S, 2),
        "xie-beni": over_k(lambda k: c(k).S / n / apart(k).min() ** 2, 2),
        "pbm": over_k(lambda k: (c(1).spread() / c(k).spread() * apart(k).max() / k) ** 2, 2),
        "ccc": over_k(lambda k: c(k).ccc()),
        "scott": over_k(lambda k: n * (c(k - 1).log_det(c(k - 1).W) - c(k).log_det(c(k).W)), 2),
        "marriot": over_k(lambda k: k**2 / det_ratio(k)),
        "friedman": over_k(lambda k: trace(k) - trace(k - 1), 2),
        "rubin": over_k(second(det_ratio), 2, K_MAX - 1),
        "ratkowsky-lance": over_k(lambda k: np.mean(np.sqrt(np.diag(c(k).B) / np.diag(c(k).T))) / math.sqrt(k), 2),
        "sd-index": over_k(lambda k: c(K_MAX).dis() * c(k).scat() + c(k).dis(), 2),
        "s-dbw": over_k(lambda k: c(k).scat() + c(k).dens_bw(), 2),
        "duda": over_k(lambda k: c(k).duda()),
        "beale": over_k(lambda k: c(k).beale()),
    }


# ---- by programs ----


def by_programs(r, cs):
    """(criterion, program, values), as far as R's values can be turned into the criterion's."""
    n, d = cs[0].x.shape
    det_t = np.linalg.det(cs[0].T)
    value = lambda name: lambda k: r[name, k]
    det_ratio = lambda k: 1.0 if k == 1 else r["clusterCrit.Det_Ratio", k]
    log_det = lambda k: 0.0 if k == 1 else r["clusterCrit.Log_Det_Ratio", k]
    trace = lambda k: 0.0 if k == 1 else r["clusterCrit.Trace_WiB", k]
    log_ss = value("clusterCrit.Log_SS_Ratio")
    within = lambda k: cs[0].S if k == 1 else r["NbClust.tracew", k]
    dis, scat = value("clusterCrit.SD_Dis"), value("clusterCrit.SD_Scat")
    second = lambda f: lambda k: (f(k) - f(k - 1)) - (f(k + 1) - f(k))
    scott = lambda k: 0.0 if k == 1 else r["NbClust.scott", k]
    ball = lambda k: cs[0].S if k == 1 else r["NbClust.ball", k]
    yield "banfield-raftery", "clusterCrit", over_k(value("clusterCrit.Banfeld_Raftery"), 2)
    yield "marriot", "clusterCrit", over_k(lambda k: r["clusterCrit.Ksq_DetW", k] / det_t, 2)
    yield "marriot", "NbClust", over_k(lambda k: r["NbClust.marriot", k] / det_t, 2)
    yield "rubin", "clusterCrit", over_k(second(det_ratio), 2, K_MAX - 1)
    yield "scott", "clusterCrit", over_k(lambda k: log_det(k) - log_det(k - 1), 2)
    yield "scott", "NbClust", over_k(lambda k: scott(k) - scott(k - 1), 2)
    yield "friedman", "clusterCrit", over_k(lambda k: trace(k) - trace(k - 1), 2)
    yield "log-ss-ratio", "clusterCrit", over_k(second(log_ss), 3, K_MAX - 1)
    yield "pbm", "clusterCrit", over_k(value("clusterCrit.PBM"), 2)
    yield "xie-beni", "clusterCrit", over_k(value("clusterCrit.Ray_Turi"), 2)
    yield "sd-index", "clusterCrit", over_k(lambda k: dis(K_MAX) * scat(k) + dis(k), 2)
    yield "sd-index", "NbClust", over_k(value("NbClust.sdindex"), 2)
    yield "s-dbw", "clusterCrit", over_k(
        lambda k: scat(k) + (r["clusterCrit.S_Dbw", k] - scat(k)) / (k * (k - 1) / 2), 2
    )
    yield "tracew", "NbClust", over_k(lambda k: (within(k - 1) - within(k)) - (within(k) - within(k + 1)), 2, K_MAX - 1)
    if d > 1:
        yield "krzanowski-lai", "NbClust", over_k(value("NbClust.kl"), 2, K_MAX - 1)
        yield "hartigan", "NbClust", over_k(lambda k: r["NbClust.hartigan", k] * (n - k - 1) / (n - k), 2, K_MAX - 1)
        yield "ball-hall", "NbClust", over_k(lambda k: ball(k - 1) - ball(k), 2, K_MAX - 1)
        yield "ratkowsky-lance", "NbClust", over_k(value("NbClust.ratkowsky"), 2, K_MAX - 1)
    if d == 1:  # where the number of long edges is beyond doubt
        yield "ccc", "NbClust", over_k(value("NbClust.ccc"), 2)


def agree(a, b, tolerance=1e-9):
    return all(x is None or y is None or abs(x - y) <= tolerance * max(1, abs(x), abs(y)) for x, y in zip(a, b))


def disagreements(r, cs, name, values):
    """Where a program's own value is not that of the definition: said in the header, for who reads it."""
    d = cs[0].d
    friedman, rubin = [r["NbClust.friedman", k] for k in range(2, K_MAX + 1)], r["NbClust.rubin", 3]
    trace = [np.trace(np.linalg.solve(c.W, c.B)) for c in cs[1:]]
    ratio = np.exp(cs[2].log_det(cs[2].T) - cs[2].log_det(cs[2].W))
    if d > 1:
        assert not agree(friedman, trace)
        assert abs(rubin - ratio) > 1e-3 * ratio and abs(rubin - np.trace(cs[2].T) / cs[2].S) < 1e-9 * rubin
    same = lambda theirs, ours: sum(
        v is not None and agree([r[theirs, k]], [v], 1e-8) for k, v in enumerate(values[ours][1:], start=2)
    )
    print(f"/* {name}: of {K_MAX - 1} k, NbClust's ccc is that of the definition at {same('NbClust.ccc', 'ccc')},", end=" ")
    print(f"its S_Dbw at {same('NbClust.sdbw', 's-dbw')}. */")


# ---- slopes ----


def slope_curves():
    """n, d and sums of squares of k = 1 ... m equal clusters: ln L bends at some k and then rises evenly, noise apart."""
    rng = np.random.default_rng(5)
    for c in range(36):
        m, d, n = int(rng.integers(10, 41)), int(rng.integers(1, 7)), int(rng.integers(200, 3000))
        k, bend, slope = np.arange(1, m + 1), int(rng.integers(1, m // 2 + 2)), rng.uniform(0.2, 4)
        y = slope * k * (d + 1) - rng.uniform(2, 30) * slope * (d + 1) * np.maximum(0, bend - k)
        y += (0, 0.3, 3)[c % 3] * slope * rng.normal(0, 1, m)  # a k may have missed its optimum:
        y -= (0, 20)[c % 2] * slope * (rng.random(m) < 0.15)
        yield n, d, n * d / (2 * math.pi) * np.exp((y[0] - y - n * np.log(k)) * 2 / (n * d) - 1)


def slope_likelihood(n, d, s):
    k = np.arange(1, len(s) + 1)
    return -n * np.log(k) - n * d / 2 * (np.log(2 * math.pi * s / (n * d)) + 1), k * (d + 1)


def write_slopes(folder):
    curves = list(slope_curves())
    for i, (n, d, s) in enumerate(curves):
        y, p = slope_likelihood(n, d, s)
        with open(os.path.join(folder, f"curve{i:02}.csv"), "w") as f:
            for k in range(1, len(y) + 1):
                f.write(f"{k},{p[k - 1]},{p[k - 1]},{-y[k - 1]:.17g}\n")
    chosen = [int(line) for line in run_r(SLOPE_PROGRAM, folder).split()]
    print(f"static const double slope_values[] = {{{numbers(np.concatenate([s for _, _, s in curves]))}}};")
    print("/* first value, points, rows, columns; what capushe's DDSE chooses (0: nothing) */")
    print("static const struct { uint16_t first, n_points, n, d, chosen; } slope_curves[] = {")
    at = 0
    for (n, d, s), k in zip(curves, chosen):
        print(f"  {{{at}, {len(s)}, {n}, {d}, {k}}},")
        at += len(s)
    print("};")


# ---- the header ----


def c_array(ctype, name, values, width=110):
    lines, line = [], " "
    for v in values:
        item = f" {int(v)},"
        if len(line) + len(item) > width:
            lines.append(line)
            line = " "
        line += item
    print(f"static const {ctype} {name}[] = {{")
    print("\n".join([*lines, line]))
    print("};")


def numbers(values):
    return ", ".join("NAN" if v is None else f"{v:.17g}" for v in values)


def write_case(i, name, x, labels, r):
    cs, values = defined(x, labels)
    disagreements(r, cs, name, values)
    c_array("int16_t", f"classical_rows_{i}", np.round(x * 64).ravel())
    c_array("uint8_t", f"classical_labels_{i}", labels.T.ravel())
    print(f"static const double classical_halves_{i}[] = {{{numbers(np.concatenate([c.halves for c in cs]))}}};")
    print(f"static const classical_value classical_values_{i}[] = {{")
    for criterion, program, of in by_programs(r, cs):
        single = criterion == "s-dbw"  # clusterCrit divides its counts in single precision
        if not agree(of, values[criterion], 1e-6 if single else 1e-9):
            sys.exit(f"{name}: {program}'s {criterion} {of} is not {values[criterion]}")
        print(f'  {{"{criterion}", "{program}", {{{numbers(of)}}}}},')
    for criterion, of in values.items():
        print(f'  {{"{criterion}", "its definition", {{{numbers(of)}}}}},')
    print("};")


def main():
    np.seterr(divide="ignore")  # clusters of one row have no variance, and then no value
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Written by classical.py; do not edit. Python", sys.version.split()[0], "numpy", np.__version__, end=" ")
    print("scipy", scipy.__version__, "scikit-learn", sklearn.__version__, "NbClust 3.0.1 clusterCrit 1.3.0 capushe 1.1 */")
    print("#ifndef OCK_CRITERIA_CLASSICAL_H\n#define OCK_CRITERIA_CLASSICAL_H\n")
    print("#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n")
    print(f"enum {{ CLASSICAL_K = {K_MAX} }};\n")
    print("/* Of one criterion for k = 1 ... CLASSICAL_K; NaN where the source says nothing. */")
    print("typedef struct classical_value {\n  const char *criterion, *source;\n  double of[CLASSICAL_K];\n} classical_value;\n")
    print("/* Rows divided by 64; labels: CLASSICAL_K x n_rows; halves: each cluster's sum of squares about the better two")
    print(" * means of 100 starts of scikit-learn's KMeans. */")
    print("typedef struct classical_case {\n  const char *name;\n  size_t n_rows, n_columns;\n  const int16_t *rows;")
    print("  const uint8_t *labels;\n  const double *halves;\n  const classical_value *values;\n  size_t n_values;")
    print("} classical_case;\n")
    sets = [(name, integers(x) / 64) for name, x in cases()]
    labels = [labellings(x) for _, x in sets]
    with tempfile.TemporaryDirectory() as folder:
        for i, (_, x) in enumerate(sets):
            np.savetxt(os.path.join(folder, f"rows{i}.csv"), x, fmt="%.17g", delimiter=",")
            np.savetxt(os.path.join(folder, f"labels{i}.csv"), labels[i], fmt="%d", delimiter=",")
        r = [{} for _ in sets]
        for line in run_r(R_PROGRAM, folder).splitlines():
            i, name, k, value = line.split()
            r[int(i)][name, int(k)] = float(value.replace("NA", "nan"))
        for i, (name, x) in enumerate(sets):
            write_case(i, name, x, labels[i], r[i])
        print("#define CASE(i, name, n, d) {name, n, d, classical_rows_##i, classical_labels_##i, classical_halves_##i, \\")
        print("                             classical_values_##i, sizeof classical_values_##i / sizeof *classical_values_##i}")
        print("static const classical_case classical_cases[] = {")
        for i, (name, x) in enumerate(sets):
            print(f'  CASE({i}, "{name}", {len(x)}, {x.shape[1]}),')
        print("};\n#undef CASE")
        write_slopes(folder)
    print("\n#endif")


main()

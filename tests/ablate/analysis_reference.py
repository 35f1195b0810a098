# SPDX-License-Identifier: Apache-2.0
"""Write analysis_reference.h: what numpy, scipy and R find where the analysis of ablations computes the same.

Run by hand with numpy and scipy (1.11 or later) installed, and Rscript:  python analysis_reference.py > analysis_reference.h"""
import subprocess
import sys

import numpy as np
import scipy
from scipy import optimize, stats
from scipy.interpolate import PchipInterpolator

rng = np.random.default_rng(20241129)


def array(name, values, kind="double"):
    values = np.atleast_1d(values)
    text = ", ".join(f"{v:.17g}" for v in values)
    print(f"static const {kind} {name}[{len(values)}] = {{{text}}};")


# ---- a scaling law: 48 points, log noise of .01, some of it wild ----


def huber(r, delta=1e-3):
    return np.where(abs(r) <= delta, r * r / 2, delta * (abs(r) - delta / 2))


def scaling_law():
    n = 10 ** rng.uniform(7.5, 10, 48)
    d = 10 ** rng.uniform(9, 11.5, 48)
    loss = (1.7 + 400 * n**-0.34 + 900 * d**-0.33) * np.exp(rng.normal(0, 0.01, 48) * np.where(rng.random(48) < .1, 5, 1))
    ln, ld = np.log(n / 1e9), np.log(d / 1e10)

    def objective(p):
        with np.errstate(all="ignore"):
            value = huber(np.log(np.exp(p[0]) + np.exp(p[1] - p[3] * ln) + np.exp(p[2] - p[4] * ld)) - np.log(loss)).sum()
        return value if np.isfinite(value) else 1e9

    best = None
    for alpha in (0.2, 0.35, 0.5):
        for beta in (0.2, 0.35, 0.5):
            at = np.array([np.log(1.5), np.log(.3), np.log(.3), alpha, beta])
            for _ in range(12):
                at = optimize.minimize(objective, at, method="Nelder-Mead",
                                       options=dict(maxiter=20000, maxfev=20000, xatol=1e-12, fatol=1e-16)).x
            if best is None or objective(at) < objective(best):
                best = at
    array("law_parameters", n)
    array("law_tokens", d)
    array("law_losses", loss)
    e, a, b, alpha, beta = best
    array("law_found", [np.exp(e), np.exp(a + alpha * np.log(1e9)), np.exp(b + beta * np.log(1e10)), alpha, beta])
    array("law_objective", [objective(best)])


# ---- curves ----


def curve():
    x = np.array([0, 1.2, 2, 4.5, 5])
    y = np.array([2.3, 1.9, 1.75, 1.5, 1.49])
    at = np.linspace(0, 5, 23)
    array("curve_x", x)
    array("curve_y", y)
    array("curve_at", at)
    array("curve_value", PchipInterpolator(x, y)(at))
    array("curve_two", PchipInterpolator(x[:3], [2, 1.9, 1])(at[:9]))


# ---- least squares, and distributions ----


def least_squares():
    x = rng.normal(size=(12, 4)).round(3)
    y = rng.normal(size=12).round(3)
    array("squares_x", x.T.ravel())
    array("squares_y", y)
    found, rest = np.linalg.lstsq(x, y, rcond=None)[:2]
    array("squares_found", found)
    array("squares_rest", rest)


def distributions():
    t, freedom, p = [.3, 1.7, 2.5, 9, 40], [1, 2.5, 7, 30, 3.2], [.6, .9, .975, .9995, .01]
    array("student_t", t)
    array("student_freedom", freedom)
    array("student_tail", 2 * stats.t.sf(t, freedom))
    array("student_p", p)
    array("student_quantile", stats.t.ppf(p, freedom))
    p = rng.random(9).round(3) ** 2
    array("discovery_p", p)
    array("discovery_adjusted", stats.false_discovery_control(p))


# ---- one scale: R's lm of the logarithms, by weights that are the squares of what was fitted ----

LM = """
d <- read.csv(file("stdin"))
fitted <- d$loss
for (i in 1:8) {
  w <- fitted^2 * d$n
  m <- lm(log(loss) ~ a + b + c, data = d, weights = w)
  fitted <- exp(predict(m))
}
cat(sprintf("%.17g\\n", coef(m)))
"""


def one_scale():
    cells = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)])
    noise = [.011, -.004, -.008, .002, -.013, .006, .007, -.003]  # in which no interaction stands out
    loss = np.exp(np.log(1.5) + cells @ [.05, -.08, .02] + noise).round(5)
    text = "a,b,c,n,loss\n" + "\n".join(f"{a},{b},{c},1,{x}" for (a, b, c), x in zip(cells, loss))
    done = subprocess.run(["Rscript", "-e", LM], input=text, capture_output=True, text=True, check=True)
    array("lm_losses", loss)
    array("lm_found", [float(x) for x in done.stdout.split()])


# ---- three scales, E given: weighted least squares of log(loss - E) ----


def given_irreducible():
    cells = np.array([[i & 1, i >> 1 & 1] for i in range(4)])
    variance, e = np.array([4e-4, 1e-4, .25e-4]), .6
    logc = np.log([1e10, 8e10, 5e11])
    l = logc - logc.mean()
    rows, y, w, losses = [], [], [], []
    for s in range(3):
        for a, b in cells:
            loss = round(e + np.exp(-.3 + .1 * a - .05 * b - (.2 + .02 * a) * l[s] + rng.normal(0, .01)), 6)
            losses.append(loss)
            a, b = a - .5, b - .5
            rows.append([1, l[s], a, b, a * l[s], b * l[s]])
            y.append(np.log(loss - e))
    y = np.array(y)
    losses = np.array(losses)
    for s in range(3):  # the weight: loss - E, within 1.5 times of the middle of its scale
        m = losses[4 * s:4 * s + 4] - e
        middle = np.exp(np.log(m).mean())
        w += list(np.clip(m, middle / 1.5, middle * 1.5) / np.sqrt(variance[s]))
    w = np.array(w)
    x = np.array(rows)
    found, rest = np.linalg.lstsq(x * w[:, None], y * w, rcond=None)[:2]
    array("given_losses", losses)
    array("given_found", found)
    array("given_squares", rest)


# ---- runs that diverged: R's exact test in strata (a stratum that tells nothing is left out there), Wilson's intervals ----


def strata():
    tables = []  # n, at the level, diverged, both
    for _ in range(4):
        n = int(rng.integers(8, 30))
        at, diverged = int(rng.integers(2, n - 1)), int(rng.integers(1, n - 1))
        both = int(rng.integers(max(0, at + diverged - n), min(at, diverged) + 1))
        tables.append((n, at, diverged, both))
    cells = [str(x) for n, at, d, b in tables for x in (b, d - b, at - b, n - at - d + b)]
    p = float(subprocess.run(["Rscript", "-e", f"""cat(format(mantelhaen.test(array(c({", ".join(cells)}), c(2, 2, 4)), exact=TRUE,
                            alternative="greater")$p.value, digits=15))"""],
                                capture_output=True, text=True, check=True).stdout)
    array("strata", np.ravel(tables), "size_t")
    array("strata_p", [p])
    array("strata_first_p", [stats.hypergeom(tables[0][0], tables[0][1], tables[0][2]).sf(tables[0][3] - 1)])
    shares = [(0, 9), (1, 16), (8, 16), (30, 31), (5, 5)]
    array("share_of", np.ravel(shares), "size_t")
    found = [stats.binomtest(k, n).proportion_ci(.9, method="wilson") for k, n in shares]
    array("share_ends", [x for ci in found for x in (ci.low, ci.high)])


print("/* SPDX-License-Identifier: Apache-2.0 */")
r = subprocess.run(["Rscript", "-e", "cat(as.character(getRversion()))"], capture_output=True, text=True, check=True).stdout
print(f"/* Written by analysis_reference.py: numpy {np.__version__}, scipy {scipy.__version__}, R {r}. */")
print("#include <stddef.h>")
print("/* clang-format off */")
for part in (scaling_law, curve, least_squares, distributions, one_scale, given_irreducible, strata):
    part()
print(f"wrote {sys.argv[0]}", file=sys.stderr)

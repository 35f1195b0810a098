# SPDX-License-Identifier: Apache-2.0
"""Write reference.h: Anderson and Darling's test by scipy and statsmodels, and the law of A^2 for many rows.

Run by hand with numpy, scipy and statsmodels installed:  python reference.py > reference.h
Values are multiples of 1/64, so that integers carry them exactly.
"""

import warnings
from importlib.metadata import version

import numpy as np
from scipy.integrate import quad
from scipy.stats import anderson, norm
from statsmodels.stats.diagnostic import normal_ad

warnings.filterwarnings("ignore")


def samples():
    rng = np.random.default_rng(20240703)
    yield "normal", rng.normal(3, 2, 40)
    yield "eight", rng.normal(0, 5, 8)
    yield "nine of one side", rng.exponential(4, 9)
    yield "exponential", rng.exponential(4, 60)
    yield "uniform", rng.uniform(-5, 5, 100)
    yield "two humps", np.concatenate([rng.normal(-4, 1, 50), rng.normal(4, 1, 40)])
    yield "heavy tails", rng.standard_t(2, 80)
    yield "close to normal", norm.ppf((np.arange(30) + 0.5) / 30) * 3
    yield "whole numbers", np.round(rng.normal(0, 2, 50))
    yield "outlier at 44 deviations", np.concatenate([rng.normal(0, 1, 2000), [20000]])


def eigenvalues(n=3000):
    """Those of the covariance of the empirical process of normal rows with estimated mean and variance."""
    u, w = np.polynomial.legendre.leggauss(n)
    u, w = (u + 1) / 2, w / 2
    z = norm.ppf(u)
    f = norm.pdf(z)
    kernel = np.minimum.outer(u, u) - np.outer(u, u) - np.outer(f, f) - np.outer(z * f, z * f) / 2
    scale = np.sqrt(w / (u * (1 - u)))
    return np.linalg.eigvalsh(kernel * np.outer(scale, scale))[::-1]


def exceeds(values, a):
    """The probability that sum of values times chi squares of one degree exceeds a: Imhof, Biometrika 48, 1961."""

    def integrand(t):
        angle = 0.5 * np.arctan(values * t).sum() - 0.5 * a * t
        return np.sin(angle) / (t * np.exp(0.25 * np.log1p((values * t) ** 2).sum()))

    pieces = np.linspace(0, 600, 601)
    total = sum(quad(integrand, max(p, 1e-12), q, epsabs=1e-13)[0] for p, q in zip(pieces, pieces[1:]))
    return 0.5 + total / np.pi


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Written by reference.py with " + ", ".join(f"{m} {version(m)}" for m in ("numpy", "scipy", "statsmodels")))
    print(" */\n#ifndef OCK_STATS_REFERENCE_H\n#define OCK_STATS_REFERENCE_H\n")
    print("/* n values from place `first`; A^2 by scipy, p by statsmodels. */")
    print("typedef struct reference_sample {\n  const char *name;\n  size_t first, n;\n  double statistic, p;\n} reference_sample;\n")
    values, rows = [], []
    for name, x in samples():
        x = np.round(x * 64)
        rows.append(f'    {{"{name}", {len(values)}, {len(x)}, {anderson(x / 64).statistic!r}, {normal_ad(x / 64)[1]!r}}},')
        values += [int(v) for v in x]
    rows = [row.replace("np.float64(", "").replace(")", "") for row in rows]
    print("static const reference_sample reference_samples[] = {\n" + "\n".join(rows) + "\n};\n")
    print("/* 64 times the values. */\nstatic const int reference_values[] = {")
    for i in range(0, len(values), 20):
        print("    " + " ".join(f"{v}," for v in values[i : i + 20]))
    print("};\n")
    print("/* How often A^2 of many normal rows exceeds `statistic`: by the eigenvalues of its law. */")
    print("typedef struct reference_tail {\n  double statistic, probability;\n} reference_tail;")
    print("static const reference_tail reference_tails[] = {")
    lam = eigenvalues()
    lam = lam[lam > 1e-7]
    for a in (0.15, 0.25, 0.341, 0.47, 0.561, 0.631, 0.752, 0.873, 1.035, 1.159, 1.4, 1.8692):
        print(f"    {{{a}, {exceeds(lam, a):.6g}}},")
    print("};\n\n#endif")


if __name__ == "__main__":
    main()

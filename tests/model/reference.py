# SPDX-License-Identifier: Apache-2.0
"""Write reference.h: what scikit-learn's GaussianMixture, and densities with other tails, say of rows.

Run by hand with numpy, scipy and scikit-learn installed:  python reference.py > reference.h
Rows are multiples of 1/64 and factors powers of two, so that rows are scaled without rounding.
"""

import sys
from importlib.metadata import version

import numpy as np
from scipy.linalg import solve
from scipy.special import gammaln, logsumexp
from sklearn.mixture import GaussianMixture

FAMILIES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}


def draw(rng, k, d):
    """Rows of k clouds in their own units, the last four far from all."""
    rows = []
    for _ in range(k):
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0] * rng.uniform(0.3, 2, d)
        rows.append(rng.uniform(-6, 6, d) + rng.normal(size=(14, d)) @ turn.T)
    rows.append(rng.uniform(-60, 60, (4, d)))
    return np.vstack(rows)


def covariances(mixture, kind, k, d):
    """Those of k components: square matrices, or variances along the axes."""
    c = mixture.covariances_
    if kind == "full":
        return c
    if kind == "tied":
        return np.repeat(c[None], k, axis=0)
    return c if kind == "diag" else np.repeat(c[:, None], d, axis=1)


def power_exponential(x, proportions, means, covariances, tail):
    """Logarithms of proportion times density: Gomez, Gomez-Villegas & Marin, Commun. Stat. Theory 27, 1998."""
    d = x.shape[1]
    spread = np.exp(np.log(2) / tail + gammaln((d + 2) / (2 * tail)) - gammaln(d / (2 * tail))) / d
    constant = np.log(d) + gammaln(d / 2) - d / 2 * np.log(np.pi) - gammaln(1 + d / (2 * tail))
    constant -= (1 + d / (2 * tail)) * np.log(2)
    parts = []
    for proportion, mean, covariance in zip(proportions, means, covariances):
        matrix = covariance / spread
        centred = x - mean
        squared = np.sum(centred * solve(matrix, centred.T, assume_a="pos").T, axis=1)
        parts.append(np.log(proportion) + constant - np.linalg.slogdet(matrix)[1] / 2 - squared**tail / 2)
    return np.array(parts).T


def cases():
    rng = np.random.default_rng(20240907)
    for kind, k, d in [("full", 3, 2), ("tied", 2, 3), ("diag", 3, 4), ("spherical", 2, 1), ("full", 1, 3)]:
        centre = rng.integers(-3, 4, d).astype(float)
        factor = 2.0 ** rng.integers(-2, 3, d)
        rows = np.round((draw(rng, k, d) / factor + centre) * 64)
        x = (rows / 64 - centre) * factor
        mixture = GaussianMixture(k, covariance_type=kind, random_state=0).fit(x[:-4])
        shape = (mixture.weights_, mixture.means_, covariances(mixture, kind, k, d))
        yield FAMILIES[kind], 1, rows, centre, factor, shape, mixture.predict_proba(x), mixture.score_samples(x)
        for tail in [0.4, 2.5] if kind == "full" and k > 1 else []:
            parts = power_exponential(x, *shape, tail)
            total = logsumexp(parts, axis=1)
            yield "VVV", tail, rows, centre, factor, shape, np.exp(parts - total[:, None]), total


def array(kind, name, values, form):
    text = f"static const {kind} {name}[] = {{"
    line = "   "
    for value in np.asarray(values).ravel():
        item = f" {form % value},"
        if len(line + item) > 118:
            text += "\n" + line
            line = "   "
        line += item
    print(text + "\n" + line + "\n};")


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    versions = " ".join(f"{name} {version(name)}" for name in ["numpy", "scipy", "scikit-learn"])
    print(f"/* Written by reference.py; do not edit. Python {sys.version.split()[0]} {versions} */")
    print("""#ifndef OCK_MODEL_REFERENCE_H
#define OCK_MODEL_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

// clang-format off
typedef struct reference_mixture {
  const char *family;
  double tail;
  size_t k, n_columns, n_rows;
  const int16_t *rows; /* 64 times the rows in their own units */
  const double *centre, *factor, *proportions, *means, *covariances;
  const double *probabilities, *log_densities; /* of GaussianMixture; where tail is not 1, by the formula */
} reference_mixture;
""")
    entries = []
    for i, (family, tail, rows, centre, factor, shape, probabilities, densities) in enumerate(cases()):
        array("int16_t", f"rows_{i}", rows, "%d")
        for name, values in zip(["centre", "factor"], [centre, factor]):
            array("double", f"{name}_{i}", values, "%.17g")
        for name, values in zip(["proportions", "means", "covariances"], shape):
            array("double", f"{name}_{i}", values, "%.17g")
        array("double", f"probabilities_{i}", probabilities, "%.17g")
        array("double", f"log_densities_{i}", densities, "%.17g")
        k, d = shape[1].shape
        names = ["rows", "centre", "factor", "proportions", "means", "covariances", "probabilities", "log_densities"]
        entries.append(f'    {{"{family}", {tail}, {k}, {d}, {len(rows)}, ' + ", ".join(f"{n}_{i}" for n in names) + "},")
    print("\nstatic const reference_mixture reference_mixtures[] = {")
    print("\n".join(entries))
    print("};\n// clang-format on\n\n#endif")


main()

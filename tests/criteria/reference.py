# SPDX-License-Identifier: Apache-2.0
"""Write reference.h: values of criteria from sources that share no code with Ockham.

Run by hand with numpy, scipy, scikit-learn and kneed installed:  python reference.py > reference.h
Values are multiples of 1/64 (rows) and 1/1024 (curves), so that integers carry them exactly.
"""

import math
import sys

import kneed
import numpy as np
import scipy
import sklearn
from importlib.metadata import version
from scipy.stats import norm
from sklearn import metrics


def blobs(rng, sizes, sds, d, low=-8, high=8):
    """Rows around random centres, with the labels that they were drawn for."""
    rows = [rng.normal(rng.uniform(low, high, d), sd, (size, d)) for size, sd in zip(sizes, sds)]
    return np.round(np.vstack(rows) * 64), np.repeat(np.arange(len(sizes)), sizes)


def cases():
    rng = np.random.default_rng(20240611)
    yield "equal spread", *blobs(rng, [20, 20, 20], [1, 1, 1], 2)
    yield "unequal spread", *blobs(rng, [30, 30, 40], [0.2, 1, 3], 2)
    yield "one column", *blobs(rng, [25, 15], [1, 1.5], 1)
    yield "five columns", *blobs(rng, [10, 40, 30, 5], [0.5, 1, 2, 1], 5)
    rows, labels = blobs(rng, [48], [2], 3)
    yield "labels at random", rows, rng.permutation(labels + np.arange(48) % 4)
    rows, labels = blobs(rng, [20, 20], [1, 1], 2)
    labels[[0, 25]] = [2, 3]
    yield "two singletons", rows, labels
    rows, labels = blobs(rng, [15, 6, 21], [1, 1, 1], 3)
    rows[15:21] = rows[15]
    yield "six equal rows", rows, labels
    rows, labels = blobs(rng, [12, 12], [1, 1], 4)
    yield "as many as rows in half", rows, np.concatenate([np.arange(12), np.full(12, 12)])


FLOOR = (1 / 64) ** 2 / 12  # variance of rounding to 1/64


def variances(x, labels, own):
    """The variance that each row's cluster is credited with: maximum likelihood, spherical, FLOOR at least."""
    residual = np.zeros_like(x)
    for j in np.unique(labels):
        residual[labels == j] = x[labels == j] - x[labels == j].mean(axis=0)
    if not own:
        return np.full(len(x), np.mean(residual**2))
    return np.array([max(FLOOR, np.mean(residual[labels == label] ** 2)) for label in labels])


def log_likelihood(x, labels, own):
    """ln of the density of each row together with its label, summed: row by row, column by column."""
    total = 0.0
    sigma = np.sqrt(variances(x, labels, own))
    for i, row in enumerate(x):
        members = labels == labels[i]
        total += math.log(members.sum() / len(x))
        total += norm.logpdf(row, loc=x[members].mean(axis=0), scale=sigma[i]).sum()
    return total


def goxmeans(x, labels):
    """The formula of bic() and loglikelih() in the Go program, as it stands there."""
    n, d = x.shape
    k = len(np.unique(labels))
    total = 0.0
    for j in range(k):
        rows = x[labels == j]
        size = len(rows)
        s = ((rows - rows.mean(axis=0)) ** 2).sum()
        v = s / (size - 1) if size > 1 else 0.0
        v = v or math.nextafter(0, 1)
        total += size * math.log(size) - size * math.log(n)
        total -= size * d / 2 * math.log(2 * math.pi * v) + (size - 1) / 2
    return total - k * (d + 1) / 2 * math.log(n)


def curves():
    """Curves over 2 ... 40 points that do not rise, except for noise."""
    rng = np.random.default_rng(77)
    for c in range(90):
        n = int(rng.integers(2, 41))
        x = np.arange(n) / n
        shape = c % 9
        if shape == 0:  # convex
            y = 1 / (1 + rng.uniform(1, 20) * x)
        elif shape == 1:  # concave
            y = 1 - x ** rng.uniform(1.5, 4)
        elif shape == 2:  # straight, with noise
            y = 1 - x + rng.normal(0, 0.02, n)
        elif shape == 3:  # flat steps
            y = np.ceil((1 - x) ** 2 * rng.integers(2, 9)) / 8
        elif shape == 4:  # two bends
            y = np.exp(-rng.uniform(3, 9) * x) + np.exp(-rng.uniform(1, 4) * x**2)
        elif shape == 5:  # noisy convex
            y = np.exp(-rng.uniform(2, 9) * x) + rng.normal(0, 0.03, n)
        elif shape == 6:  # inertia of uniform noise
            y = (1 + np.arange(n)) ** (-2 / rng.integers(1, 9))
        elif shape == 7:  # convex, then flat to the end
            y = np.maximum(0, 0.6 - x) ** 2
        else:  # any order
            y = rng.uniform(0, 1, n)
        yield n, np.round(y * rng.choice([1024, 64 * 1024]))


def knee(n, y):
    if y.max() == y.min():
        return None
    return kneed.KneeLocator(np.arange(1, n + 1), y, curve="convex", direction="decreasing", S=1.0).knee


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


def number(value):
    return "NAN" if value is None else f"{value:.17g}"


def write_cases():
    entries = []
    for i, (name, raw, labels) in enumerate(cases()):
        x = raw / 64
        n, d = x.shape
        k = len(np.unique(labels))
        smallest = np.bincount(labels).min()
        eii = log_likelihood(x, labels, own=False)
        vii = log_likelihood(x, labels, own=True) if smallest >= 5 else None
        c_array("int16_t", f"rows_{i}", raw.ravel())
        c_array("uint8_t", f"labels_{i}", labels)
        values = [
            metrics.silhouette_score(x, labels),
            metrics.davies_bouldin_score(x, labels),
            metrics.calinski_harabasz_score(x, labels),
            eii,
            vii,
            goxmeans(x, labels),
        ]
        text = ", ".join(number(v) for v in values)
        entries.append(f'  {{"{name}", {n}, {d}, {k}, rows_{i}, labels_{i}, {text}}},')
    print("/* Values: rows_* divided by 64. log_likelihood_vii is NaN where a cluster has fewer than 5 rows. */")
    print("static const double reference_variance_floor = 1.0 / (64 * 64 * 12);")
    print("static const reference_case reference_cases[] = {")
    print("\n".join(entries))
    print("};")


def write_curves():
    values, entries = [], []
    for n, y in curves():
        k = knee(n, y)
        entries.append((len(values), n, 0 if k is None else int(k)))
        values.extend(y)
    c_array("int32_t", "curve_values", values)
    print("/* first value, points, knee (from 1; 0: none) */")
    print(f"static const struct {{ uint16_t first, n, knee; }} reference_curves[] = {{")
    print(" " + "".join(f" {{{a}, {b}, {c}}}," for a, b, c in entries))
    print("};")


def main():
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Written by reference.py; do not edit. Python", sys.version.split()[0], "numpy", np.__version__, end=" ")
    print("scipy", scipy.__version__, "scikit-learn", sklearn.__version__, "kneed", version("kneed"), "*/")
    print("#ifndef OCK_CRITERIA_REFERENCE_H\n#define OCK_CRITERIA_REFERENCE_H\n")
    print("#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n")
    print("typedef struct reference_case {")
    print("  const char *name;\n  size_t n_rows, n_columns, k;\n  const int16_t *rows;\n  const uint8_t *labels;")
    print("  double silhouette, davies_bouldin, calinski_harabasz; /* scikit-learn */")
    print("  double log_likelihood_eii, log_likelihood_vii;        /* scipy.stats.norm, row by row */")
    print("  double goxmeans;                                      /* the Go program's formula */")
    print("} reference_case;\n")
    write_cases()
    write_curves()
    print("\n#endif")


main()

# SPDX-License-Identifier: Apache-2.0
"""Streams whose time of change is known. A family says how rows are without drift: its references and its streams without
drift are shared by all scenarios of it. Everything follows from seeds, in any process."""
import dataclasses
import functools
import io
import os
import pathlib
import zipfile
import zlib

import numpy as np

N_REFERENCES, STREAMS_A_REFERENCE = 20, 3  # 60 streams a scenario
N_QUIET = 20_000                           # rows without drift for each reference
HORIZON = 5_000                            # rows after the change
LEARN = 2_000                              # errors that an error monitor may learn from
DATA = pathlib.Path(os.environ.get("DRIFT_CACHE", "/tmp/drift-cache")) / "data"


def seeded(*parts):
    return np.random.default_rng([zlib.crc32(p.encode()) if isinstance(p, str) else p for p in parts])


@dataclasses.dataclass
class Family:
    name: str
    draw: object               # function of (rng, changed: a flag a row, change: function or None) giving rows
    n_reference: int = 2_000
    errors: bool = False       # rows are one column: 1 where a fixed classifier is wrong
    real: bool = False


@dataclasses.dataclass
class Scenario:
    name: str                  # as in the tables
    family: str
    change: object             # what the family's draw is given for changed rows
    when: str = "abrupt"       # gradual: over 2,000 rows; recurring: 500 rows changed, 500 not, and so on


# ---- how rows are drawn ----


def gauss(d):
    def draw(rng, changed, change):
        x = rng.normal(size=(len(changed), d))
        if change:
            x[changed] = change(rng, x[changed])
        return x
    return draw


def autoregressive(d, rho):
    def draw(rng, changed, change):
        x = rng.normal(size=(len(changed), d))
        x[1:] *= np.sqrt(1 - rho**2)
        for i in range(1, len(x)):
            x[i] += rho * x[i - 1]
        if change:
            x[changed] = change(rng, x[changed])
        return x
    return draw


def clusters(k, d, seed, spread=1.0, sticky=0.0):
    """change: shares of k + 1 clusters, the last of which has no rows without drift; or an array of moved centres."""
    centres = seeded("centres", seed).uniform(-6, 6, size=(k + 1, d))

    def draw(rng, changed, change):
        n = len(changed)
        shares = np.tile(np.r_[np.ones(k) / k, 0], (n, 1))
        moved = change is not None and np.ndim(change) == 2
        if change is not None and not moved:
            shares[changed] = change
        labels = (rng.uniform(size=(n, 1)) > shares.cumsum(axis=1)).sum(axis=1)
        where = centres[labels]
        if moved:
            where[changed] += change[labels[changed]]
        x = where + spread * rng.normal(size=(n, d))
        for i in np.flatnonzero(rng.uniform(size=n) < sticky):
            if i and changed[i] == changed[i - 1]:
                x[i] = x[i - 1]
        return x
    return draw


@functools.cache
def table(name):
    """Rows and classes of a set that others publish."""
    if name in ("elec", "weather"):
        x = np.loadtxt(DATA / f"{name}.csv", delimiter=",", skiprows=1)
        return x[:, :-1], x[:, -1]
    if (DATA / f"{name}.npy").exists():
        x = np.load(DATA / f"{name}.npy")
        return x[:, :-1], x[:, -1]
    x = load(name)
    np.save(DATA / f"{name}.npy", np.c_[x])
    return x[:, :-1], x[:, -1]


def load(name):
    """Those that come with river and scikit-learn."""
    if name == "digits":
        from sklearn.datasets import load_digits
        return np.c_[load_digits(return_X_y=True)]
    import river.datasets
    folder = pathlib.Path(river.datasets.__file__).parent
    if name == "phishing":
        return np.loadtxt(folder / "phishing.csv.gz", delimiter=",", skiprows=1)
    with zipfile.ZipFile(folder / "segment.csv.zip") as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    names = lines[0].split(",")
    rows = [line.split(",") for line in lines[1:]]
    classes = sorted({r[names.index("category")] for r in rows})
    return np.array([[float(v) for n, v in zip(names, r) if n != "category"] + [classes.index(r[names.index("category")])] for r in rows])


def rows_of(name, without=None):
    """Rows drawn at random from a table. change: function of (rng, rows), or the share of each class."""
    def draw(rng, changed, change):
        x, y = table(name)
        n, own = len(changed), np.flatnonzero(y != without) if without is not None else np.arange(len(y))
        pick = rng.choice(own, n)
        if isinstance(change, dict):
            rest = own[~np.isin(y[own], list(change))]
            pick[changed] = rng.choice(rest, changed.sum())
            point = rng.uniform(size=n)
            for label, share in change.items():
                here = changed & (0 <= point) & (point < share)
                pick[here] = rng.choice(np.flatnonzero(y == label), here.sum())
                point = np.where(here, np.inf, point - share)
            return x[pick]
        out = x[pick].copy()
        if change:
            out[changed] = change(rng, out[changed])
        return out
    return draw


def days_of(name, a_day):
    """Whole days drawn at random: as autocorrelated within a day as the original."""
    def draw(rng, changed, change):
        x, _ = table(name)
        n, n_days = len(changed), len(x) // a_day
        days = rng.choice(n_days, n // a_day + 2)
        out = x[: n_days * a_day].reshape(n_days, a_day, -1)[days].reshape(-1, x.shape[1])[:n].copy()
        if change:
            out[changed] = change(rng, out[changed])
        return out
    return draw


# ---- errors of a fixed classifier ----


def mistakes(inputs, label, tree=False, noise=0.0):
    """1 where a classifier that was fitted to rows without drift is wrong. label: function of (rows, is it the new
    concept?)."""
    def draw(rng, changed, change):
        x = inputs(rng, len(changed))
        y = np.where(changed & bool(change), label(x, True), label(x, False))
        y = y ^ (rng.uniform(size=len(x)) < noise)
        return (classifier(inputs, label, tree, noise).predict(x) != y).astype(float)[:, None]
    return draw


@functools.cache
def classifier(inputs, label, tree, noise):
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier
    rng = seeded("classifier")
    x = inputs(rng, 2_000)
    y = label(x, False) ^ (rng.uniform(size=len(x)) < noise)
    return (DecisionTreeClassifier(min_samples_leaf=10, random_state=0) if tree else LogisticRegression()).fit(x, y)


def rate(before, after):
    def draw(rng, changed, change):
        return (rng.uniform(size=len(changed)) < np.where(changed & bool(change), after, before)).astype(float)[:, None]
    return draw


W_OLD = seeded("hyperplane").uniform(size=10)
W_NEW = np.r_[W_OLD[:3][::-1] + [0.25, 0, -0.25], W_OLD[3:]]
SEA = mistakes(lambda rng, n: rng.uniform(0, 10, size=(n, 3)), lambda x, new: x[:, 0] + x[:, 1] <= np.where(new, 9, 8), noise=0.1)
SINE = mistakes(lambda rng, n: rng.uniform(size=(n, 2)), lambda x, new: (x[:, 1] < np.sin(x[:, 0] * np.where(new, 1.3, 1))), tree=True)
HYPERPLANE = mistakes(lambda rng, n: rng.uniform(size=(n, 10)),
                      lambda x, new: x @ (W_NEW if new else W_OLD) > (W_NEW if new else W_OLD).sum() / 2, noise=0.05)
STAGGER = mistakes(lambda rng, n: rng.integers(0, 3, size=(n, 3)),
                   lambda x, new: (x[:, 1] == 1) | (x[:, 2] == 1) if new else (x[:, 0] == 0) & (x[:, 1] == 0), tree=True, noise=0.05)

# ---- what changes ----


def shift(column, by, of=None):
    """Of one column (or all: None), in standard deviations of the family."""
    def change(rng, x):
        x = x.copy()
        scale = 1 if of is None else table(of)[0].std(axis=0)[column]
        x[:, slice(None) if column is None else column] += by * scale
        return x
    return change


def widen(column, by):
    def change(rng, x):
        x = x.copy()
        x[:, column] *= by
        return x
    return change


def correlate(a, b, r):
    def change(rng, x):
        x = x.copy()
        x[:, b] = r * x[:, a] + np.sqrt(1 - r * r) * x[:, b]
        return x
    return change


def share(k, **given):
    """Of cluster c12: so much, "new": the last; the others have the rest."""
    out = np.full(k + 1, np.nan)
    out[k] = given.pop("new", 0)
    for name, value in given.items():
        out[int(name[1:])] = value
    rest = np.isnan(out)
    out[rest] = (1 - out[~rest].sum()) / rest.sum()
    return out


def moves(k, d, by, seed):
    step = seeded("moves", seed).normal(size=(k + 1, d))
    return by * step / np.linalg.norm(step, axis=1, keepdims=True)


# ---- the tables ----

FAMILIES = {f.name: f for f in (
    Family("5 columns", gauss(5)),
    Family("5 columns, 10,000 rows", gauss(5), 10_000),
    Family("50 columns", gauss(50)),
    Family("clusters", clusters(6, 4, 1)),
    Family("RBF", clusters(20, 5, 2, spread=1.5)),
    Family("5 columns, autocorrelated", autoregressive(5, 0.5)),
    Family("clusters, sticky", clusters(6, 4, 1, sticky=0.5)),
    Family("weather", rows_of("weather"), real=True),
    Family("electricity", rows_of("elec"), real=True),
    Family("electricity, by days", days_of("elec", 48), 4_800, real=True),
    Family("phishing", rows_of("phishing"), real=True),
    Family("segments", rows_of("segments", without=2), real=True),
    Family("digits", rows_of("digits", without=3), real=True),
    Family("SEA", SEA, errors=True),
    Family("sine", SINE, errors=True),
    Family("hyperplane", HYPERPLANE, errors=True),
    Family("STAGGER", STAGGER, errors=True),
    Family("error rate", rate(0.10, 0.13), errors=True),
)}

SCENARIOS = [
    Scenario("mean of one column, 1 sd", "5 columns", shift(0, 1)),
    Scenario("mean of one column, 0.5 sd", "5 columns", shift(0, 0.5)),
    Scenario("mean of one column, 0.25 sd", "5 columns", shift(0, 0.25)),
    Scenario("mean of one column, 0.1 sd", "5 columns", shift(0, 0.1)),
    Scenario("mean of all columns, 0.25 sd", "5 columns", shift(None, 0.25)),
    Scenario("gradual: one column to 0.5 sd", "5 columns", shift(0, 0.5), "gradual"),
    Scenario("recurring: one column by 0.5 sd", "5 columns", shift(0, 0.5), "recurring"),
    Scenario("variance: one column's sd times 1.3", "5 columns", widen(0, 1.3)),
    Scenario("correlation only: two columns, 0 to 0.5", "5 columns", correlate(0, 1, 0.5)),
    Scenario("mean of one column, 0.25 sd (10,000 reference rows)", "5 columns, 10,000 rows", shift(0, 0.25)),
    Scenario("mean of one column, 0.1 sd (10,000 reference rows)", "5 columns, 10,000 rows", shift(0, 0.1)),
    Scenario("one column of 50, 1 sd", "50 columns", shift(0, 1)),
    Scenario("one column of 50, 0.5 sd", "50 columns", shift(0, 0.5)),
    Scenario("a new cluster, 5 % of rows", "clusters", share(6, new=0.05)),
    Scenario("a cluster vanishes (1 of 6)", "clusters", share(6, c2=0.0)),
    Scenario("a cluster grows (17 to 25 %)", "clusters", share(6, c2=0.25)),
    Scenario("RBF: 20 centres move by 0.5 sd", "RBF", moves(20, 5, 0.75, 1)),
    Scenario("autocorrelated: one column, 0.5 sd", "5 columns, autocorrelated", shift(0, 0.5)),
    Scenario("autocorrelated: correlation only", "5 columns, autocorrelated", correlate(0, 1, 0.5)),
    Scenario("sticky: a new cluster, 5 %", "clusters, sticky", share(6, new=0.05)),
    Scenario("weather: rainy days, 31 to 45 %", "weather", {1: 0.45}),
    Scenario("electricity: demand, 0.25 sd", "electricity", shift(2, 0.25, "elec")),
    Scenario("electricity by days: demand, 0.5 sd", "electricity, by days", shift(2, 0.5, "elec")),
    Scenario("phishing sites, 44 to 55 %", "phishing", {1: 0.55}),
    Scenario("image segments: a new class, 5 %", "segments", {2: 0.05}),
    Scenario("digits: a new one, 10 %", "digits", {3: 0.10}),
    Scenario("SEA, threshold 8 to 9", "SEA", True),
    Scenario("sine, boundary moves", "sine", True),
    Scenario("hyperplane turns", "hyperplane", True),
    Scenario("STAGGER, concept 1 to 3", "STAGGER", True),
    Scenario("errors, 10 to 13 %", "error rate", True),
]


# ---- draws ----


def reference(family, number):
    """The rows that are known to be good; of errors, those to learn from."""
    f = FAMILIES[family]
    n = LEARN if f.errors else f.n_reference
    return f.draw(seeded("reference", family, number), np.zeros(n, bool), None)


def quiet(family, number):
    """Rows without drift."""
    return FAMILIES[family].draw(seeded("quiet", family, number), np.zeros(N_QUIET, bool), None)


def reference_of(stream):
    return stream % N_REFERENCES


def stream(scenario, number):
    """Rows with a change, and how many come before it."""
    rng = seeded("stream", scenario.name, number)
    before = int(rng.integers(1500, 2000))
    after = np.arange(HORIZON)
    changed = np.ones(HORIZON, bool)
    if scenario.when == "gradual":
        changed = rng.uniform(size=HORIZON) < after / 2000
    elif scenario.when == "recurring":
        changed = after // 500 % 2 == 0
    flags = np.r_[np.zeros(before, bool), changed]
    return FAMILIES[scenario.family].draw(rng, flags, scenario.change), before

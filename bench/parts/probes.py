# SPDX-License-Identifier: Apache-2.0
"""Small things that are measured in a process of their own: `python -m parts.probes NAME …` prints one object."""
import json
import os
import resource
import signal
import sys
import threading
import time

import numpy as np


def say(**values):
    print(json.dumps(values))


# ---- the cost of being called from Python ----


def overhead(path, runs):
    """The call on a table in memory; how long the library says that the search took; a fit of k-means."""
    import ockham

    X = np.genfromtxt(path, delimiter=",", skip_header=1)
    ockham.clusters(X, k_max=20)
    calls, inside, fits = [], [], []
    for _ in range(int(runs)):
        start = time.perf_counter()
        c = ockham.clusters(X, k_max=20)
        calls.append(time.perf_counter() - start)
        inside.append(c.seconds)
    kmeans = ockham.KMeans(c.k, random_state=0)
    from sklearn.cluster import KMeans

    theirs = KMeans(c.k, random_state=0)
    times = []
    for estimator in (kmeans, theirs):
        estimator.fit(X)
        for _ in range(int(runs)):
            start = time.perf_counter()
            estimator.fit(X)
            fits.append(time.perf_counter() - start)
        times.append(min(fits))
        fits.clear()
    say(call=min(calls), inside=min(inside), rows=len(X), columns=X.shape[1], k=c.k, kmeans=times[0], sklearn=times[1])


# ---- Ctrl-C ----


def long_calls():
    X = np.random.default_rng(0).normal(size=(300_000, 20)).astype(np.float32)
    import ockham
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from sklearn.mixture import GaussianMixture

    labels = (X[:, 0] > 0).astype(int)
    return {
        "ockham.clusters": lambda: ockham.clusters(X),
        "ockham.KMeans(200)": lambda: ockham.KMeans(200, n_init=20).fit(X),
        "ockham.GaussianMixture(20, auto)": lambda: ockham.GaussianMixture(20, covariance_type="auto").fit(X),
        "sklearn KMeans(200)": lambda: KMeans(200, n_init=20).fit(X),
        "sklearn GaussianMixture(20)": lambda: GaussianMixture(20, n_init=20).fit(X),
        "sklearn silhouette_score": lambda: silhouette_score(X[:60_000], labels[:60_000]),
    }


def interrupt(name, *delays):
    """Seconds from SIGINT to KeyboardInterrupt, for each delay; None where the call was done before."""
    function, took = long_calls()[name], []
    for delay in map(float, delays):
        sent = []

        def kill():
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)

        timer = threading.Timer(delay, kill)
        timer.start()
        try:
            function()
            timer.cancel()
            took.append(None)
        except KeyboardInterrupt:
            took.append(time.perf_counter() - sent[0])
    say(took=took)


# ---- memory ----


def memory(name):
    """By how much the peak of resident memory rises in a fit, as a multiple of the table (a warm-up on few rows first)."""
    import ockham
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    X = np.random.default_rng(0).standard_normal((4_000_000, 10), np.float32)
    X[::2] += 6
    fit = {
        "ockham.clusters": lambda rows: ockham.clusters(rows, k_max=8, scale="none"),
        "ockham.KMeans": lambda rows: ockham.KMeans(8, random_state=0).fit(rows),
        "ockham.GaussianMixture": lambda rows: ockham.GaussianMixture(8, random_state=0, max_iter=3).fit(rows),
        "sklearn KMeans": lambda rows: KMeans(8, random_state=0).fit(rows),
        "sklearn GaussianMixture": lambda rows: GaussianMixture(8, random_state=0, max_iter=3).fit(rows),
    }[name]
    import warnings

    warnings.simplefilter("ignore")
    fit(X[:2000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fit(X)
    say(times=(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / X.nbytes, megabytes=X.nbytes / 1e6)


# ---- the same k, the same family ----


def _timed(function):
    start = time.perf_counter()
    value = function()
    return value, time.perf_counter() - start


def kmeans(path, labelled, *ks):
    """For each k pairs of inertia and seconds: of ockham, of its 20 starts, of one start of scikit-learn and of ten."""
    import ockham
    from sklearn.cluster import KMeans

    X = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=_columns(path, labelled))
    makers = (lambda k: ockham.KMeans(k, random_state=0), lambda k: ockham.KMeans(k, n_init=20, random_state=0),
              lambda k: KMeans(k, random_state=0),
              lambda k: KMeans(k, n_init=10, random_state=0))
    for make in makers:
        make(2).fit(X[:100])
    say(rows=len(X), fits=[[k, *(_inertia(make(k), X) for make in makers)] for k in map(int, ks)])


def _inertia(estimator, X):
    fitted, seconds = _timed(lambda: estimator.fit(X))
    return float(fitted.inertia_), seconds


def _columns(path, labelled):
    with open(path) as file:
        n = file.readline().count(",") + 1
    return range(n - (labelled == "1"))


def mixtures(path, labelled, k):
    """For each of scikit-learn's families: mean log-likelihood and seconds of ockham, of its one start and of ten, and
    whether ockham had to regularise. Columns are standardised."""
    import warnings

    import ockham
    from sklearn.mixture import GaussianMixture
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore")
    X = StandardScaler().fit_transform(np.genfromtxt(path, delimiter=",", skip_header=1, usecols=_columns(path, labelled)))
    found = []
    for family in ("full", "tied", "diag", "spherical"):
        options = {"n_components": int(k), "covariance_type": family, "random_state": 0}
        makers = (lambda: ockham.GaussianMixture(**options), lambda: GaussianMixture(**options),
                  lambda: GaussianMixture(**options, n_init=10))
        row = [family]
        for make in makers:
            fitted, seconds = _timed(lambda: make().fit(X))
            row += [float(fitted.score(X)), seconds]
            regularised = getattr(fitted, "regularised_", None)
            row += [bool(regularised)] if regularised is not None else []
        found.append(row)
    say(rows=len(X), columns=X.shape[1], fits=found)


if __name__ == "__main__":
    {"overhead": overhead, "interrupt": interrupt, "memory": memory, "kmeans": kmeans, "mixtures": mixtures}[sys.argv[1]](*sys.argv[2:])

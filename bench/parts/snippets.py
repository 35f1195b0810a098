# SPDX-License-Identifier: Apache-2.0
"""What a user writes to get from a DataFrame X to k, labels and a picture: for each way the lines for k and labels, and
those for the picture. Run as a program, it times one of them on one table: a line of JSON for each run."""
import contextlib
import json
import os
import resource
import sys
import time

K_MAX = 20
ROWS = """
from sklearn.decomposition import PCA
right.scatter(*PCA(2).fit_transform(X).T, c=labels, s=4)
figure.savefig("picture.png")
"""
CURVE = """
import matplotlib.pyplot as plt
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.8))
left.plot(list(scores), list(scores.values()))
""" + ROWS[1:]

SNIPPETS = {
    "ockham": ("""
import ockham
c = ockham.clusters(X, k_max=20)
k, labels = c.k, c.labels
""", """
c.plot().savefig("picture.png")
"""),
    "scikit-learn, silhouette": ("""
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
fits = {k: KMeans(k, n_init=10, random_state=0).fit(X) for k in range(2, 21)}
scores = {k: silhouette_score(X, fit.labels_) for k, fit in fits.items()}
k = max(scores, key=scores.get)
labels = fits[k].labels_
""", CURVE),
    "scikit-learn, BIC of mixtures": ("""
from sklearn.mixture import GaussianMixture
families = ("full", "tied", "diag", "spherical")
fits = [GaussianMixture(k, covariance_type=f, random_state=0).fit(X) for k in range(1, 21) for f in families]
best = min(fits, key=lambda fit: fit.bic(X))
k, labels = best.n_components, best.predict(X)
""", """
import matplotlib.pyplot as plt
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.8))
for f in families:
    left.plot(range(1, 21), [fit.bic(X) for fit in fits if fit.covariance_type == f], label=f)
left.legend()
""" + ROWS[1:]),
    "scikit-learn and kneed": ("""
from kneed import KneeLocator
from sklearn.cluster import KMeans
fits = {k: KMeans(k, n_init=10, random_state=0).fit(X) for k in range(1, 21)}
scores = {k: fit.inertia_ for k, fit in fits.items()}
k = KneeLocator(list(scores), list(scores.values()), curve="convex", direction="decreasing").knee
labels = fits[k].labels_
""", CURVE),
    "yellowbrick": ("""
from sklearn.cluster import KMeans
from yellowbrick.cluster import KElbowVisualizer
visualizer = KElbowVisualizer(KMeans(n_init=10, random_state=0), k=(2, 21)).fit(X)
k = visualizer.elbow_value_
labels = KMeans(k, n_init=10, random_state=0).fit_predict(X)
""", """
visualizer.show(outpath="picture.png")  # the elbow; no rows
"""),
    "clusteval": ("""
from clusteval import clusteval
ce = clusteval(max_clust=21, verbose=40)
labels = ce.fit(X.to_numpy())["labx"]
k = len(set(labels))
""", """
import matplotlib.pyplot as plt
ce.plot_silhouette(X.to_numpy())  # needs two columns or takes two principal components
plt.savefig("picture.png")
"""),
    "clusteval, k-means": ("""
from clusteval import clusteval
ce = clusteval(cluster="kmeans", max_clust=21, verbose=40)
labels = ce.fit(X.to_numpy())["labx"]
k = len(set(labels))
""", None),
}


def count_lines(name):
    """Of code, imports included: for k and labels, and with the picture."""
    answer, picture = ([line for line in part.splitlines() if line.strip()] for part in SNIPPETS[name])
    return len(answer), len(answer) + len(picture)


def split_imports(code):
    lines = code.splitlines()
    is_import = [line.startswith(("import ", "from ")) for line in lines]
    return ("\n".join(line for line, yes in zip(lines, is_import) if yes),
            "\n".join(line for line, yes in zip(lines, is_import) if not yes))


def time_one(name, table, most_seconds, most_runs, gib):
    """Imports are not timed. Whatever the peers print goes to standard error."""
    resource.setrlimit(resource.RLIMIT_AS, (int(gib * 2**30),) * 2)
    import numpy as np
    import pandas as pd

    values = np.load(table)
    X = pd.DataFrame(values, columns=[f"x{j + 1}" for j in range(values.shape[1])])
    imports, code = split_imports(SNIPPETS[name][0])
    space = {"X": X}
    spent, say = 0.0, os.fdopen(os.dup(1), "w")
    with contextlib.redirect_stdout(sys.stderr):
        exec(imports, space)
        for run in range(most_runs):
            start = time.perf_counter()
            try:
                exec(code, space)
            except MemoryError:
                print(json.dumps({"error": "memory"}), file=say, flush=True)
                return
            seconds = time.perf_counter() - start
            spent += seconds
            labels = np.asarray(space["labels"])
            print(json.dumps({"seconds": seconds, "k": int(space["k"]), "n_labels": len(set(labels.tolist()))}), file=say, flush=True)
            if spent + seconds > most_seconds:
                return


def draw_one(name, folder):
    """The whole snippet on a small table: that it works, and leaves a picture."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)
    X = pd.DataFrame(np.concatenate([random.normal(size=(60, 3)) + 8 * j for j in range(4)]), columns=["a", "b", "c"])
    os.chdir(folder)
    space = {"X": X}
    with contextlib.redirect_stdout(sys.stderr):
        exec("".join(part or "" for part in SNIPPETS[name]), space)
    assert os.path.getsize("picture.png") > 0
    print(json.dumps({"k": int(space["k"])}))


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        draw_one(*sys.argv[2:])
    else:
        time_one(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))

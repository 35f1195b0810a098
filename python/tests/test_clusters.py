# SPDX-License-Identifier: Apache-2.0
"""clusters(): the answer of the command on the same data, and what can be done with it."""

import copy
import json
import os
import pickle
import subprocess

import numpy as np
import pytest
from conftest import make_blobs, read_known

import ockham


def run_command(*arguments):
    command = os.environ.get("OCKHAM_COMMAND")
    if not command:
        pytest.skip("OCKHAM_COMMAND does not name the command to compare with")
    return subprocess.run([command, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def write_csv(path, x, names=None):
    header = ",".join(names or [f"x{j + 1}" for j in range(x.shape[1])])
    np.savetxt(path, x, delimiter=",", header=header, comments="", fmt="%.17g")
    return path


def test_what_is_found(blobs):
    c = ockham.clusters(blobs)
    assert (c.k, c.criterion, c.undecided, c.partial, c.at_edge) == (4, "mixture", False, False, False)
    assert c.sizes.tolist() == [100] * 4
    assert np.array_equal(np.bincount(c.labels), c.sizes)
    means = [blobs[c.labels == j].mean(axis=0) for j in range(4)]
    assert np.allclose(c.centers, means, atol=1e-6)
    assert c.criteria["bic"] == c.criteria["silhouette"] == 4
    assert c.confidence.halves == {4: 20} and c.confidence.weight > 0.99
    assert c.curve["k"].tolist() == list(range(1, len(c.curve["k"]) + 1))
    assert (np.diff(c.curve["inertia"]) <= 0).all()
    assert c.why.startswith("4 clusters\n") and "of 20 random halves of the rows all say 4" in c.why
    assert str(c).startswith("4 clusters") and "◄ decides" in str(c)
    assert repr(c) == "<ockham.Clusters: 4 clusters of 400 rows × 2 columns>"


def test_one_cluster_can_be_said():
    c = ockham.clusters(np.random.default_rng(1).normal(size=(500, 3)))
    assert c.k == 1 and c.why.startswith("1 cluster: no structure found")
    assert not c.labels.any() and c.predict_proba(np.zeros((2, 3))).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("options", [{}, {"criterion": "silhouette"}, {"scale": "robust"}, {"k_max": 5}, {"seed": 7}])
def test_the_command_says_the_same(tmp_path, options):
    x = make_blobs(5, columns=3, seed=3) * [1, 1, 40]
    path = write_csv(tmp_path / "x.csv", x)
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    said = json.loads(run_command("clusters", path, "--json", "--labels", tmp_path / "labels.csv", *flags))
    c = ockham.clusters(x, **options)
    assert (c.k, dict(c.criteria), c.sizes.tolist()) == (said["k"], said["criteria"], said["sizes"])
    for name in c.curve:
        values = [np.nan if point[name] is None else point[name] for point in said["curve"]]
        assert np.array_equal(c.curve[name], values, equal_nan=True), name
    labels = np.genfromtxt(tmp_path / "labels.csv", delimiter=",", skip_header=1)[:, 1]
    assert np.array_equal(c.labels, labels)
    text = run_command("clusters", path, *flags)
    assert text.split("tried in")[1].split("\n", 1)[1] == (str(c) + "\n").split("tried in")[1].split("\n", 1)[1]


@pytest.mark.parametrize(("name", "k"), [("s-set1", 15), ("wine", 3), ("hepta", 7), ("xclara", 3)])
def test_known_sets(name, k):
    x, labels = read_known(name)
    c = ockham.clusters(x, known_labels=labels)
    assert c.k == k
    assert f"against the {len(set(labels))} known labels: adjusted Rand" in c.why


def test_criterion_and_range(blobs):
    c = ockham.clusters(blobs, criterion="davies-bouldin", k_min=2, k_max=6)
    assert c.criterion == "davies-bouldin" and c.curve["k"].tolist() == [2, 3, 4, 5, 6]
    assert c.mixture is None and c.confidence.weight is None
    with pytest.raises(ValueError, match="those of k-means"):
        c.predict_proba(blobs)
    assert ockham.clusters(blobs, k_max=3).at_edge
    without = ockham.clusters(blobs, k_max=5, silhouette=False)
    assert without.criteria["silhouette"] is None and np.isnan(without.curve["silhouette"]).all()


def test_known_labels_of_any_kind(blobs):
    labels = np.array([None, "a", 2.5, np.nan], object)[np.repeat(np.arange(4), 100)]
    assert "the 4 known labels: adjusted Rand 1.000" in ockham.clusters(blobs, known_labels=labels).why


def test_all_criteria(blobs):
    c = ockham.clusters(blobs, k_max=6, all_criteria=True)
    assert len(c.criteria) == len(ockham.criteria()) > 60
    assert set(c.criteria) == {criterion.name for criterion in ockham.criteria()}


def test_wrong_arguments(blobs):
    for options, words in (
        ({"criterion": "magic"}, "no criterion is named 'magic'"),
        ({"scale": "big"}, "scale must be one of auto, none, standard, robust, found 'big'"),
        ({"criterion": 1}, "no criterion is named 1"),
        ({"criterion": "mixture\0x"}, "no criterion is named"),
        ({"scale": ["none"]}, "scale must be one of"),
        ({"silhouette": "no"}, "silhouette must be"),
        ({"silhouette": 0}, "silhouette must be"),
        ({"threads": "2"}, "threads must be"),
        ({"k_min": 7, "k_max": 3}, "the least k, 7, must not exceed the largest, 3"),
        ({"k_max": 401}, "401"),
        ({"threads": 0}, "threads must be a whole number of at least 1, found 0"),
        ({"known_labels": [1, 2]}, "known_labels must be 400"),
        ({"restarts": -1}, "restarts must be a whole number of at least 1, found -1"),
        ({"k_min": 0}, "k_min must be"),
        ({"k_max": 2.5}, "k_max must be"),
        ({"k_max": True}, "k_max must be"),
        ({"seed": -1}, "seed must be a whole number of at least 0, found -1"),
        ({"seed": 2**64}, "seed must be"),
    ):
        with pytest.raises(ValueError, match=words):
            ockham.clusters(blobs, **options)
    with pytest.raises(TypeError, match="progress must be"):
        ockham.clusters(blobs, progress=1)
    with pytest.raises(ockham.DataError, match="distinct"):
        ockham.clusters(np.ones((5, 2)), k_min=2)


def test_weights_count_rows():
    x = make_blobs(3, rows_each=30)
    weights = np.random.default_rng(0).integers(0, 4, len(x))
    weighed = ockham.clusters(x, weights=weights, k_max=6, criterion="bic")
    repeated = ockham.clusters(np.repeat(x, weights, axis=0), k_max=6, criterion="bic")
    for name in ("inertia", "bic", "silhouette", "calinski-harabasz"):
        assert np.allclose(weighed.curve[name], repeated.curve[name], equal_nan=True), name
    assert weighed.model.weights.sum() == weights.sum()


def test_new_rows(blobs):
    c = ockham.clusters(blobs)
    assert np.array_equal(c.predict(blobs), c.labels)
    probabilities = c.predict_proba(blobs)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(probabilities.argmax(axis=1), c.labels)
    with pytest.raises(ValueError, match="the model's 2 columns, found 5"):
        c.predict(np.zeros((3, 5)))
    with pytest.raises(ockham.DataError, match=r"NaN: X\[1, 0\]"):
        c.predict([[0, 0], [np.nan, 0]])


def test_columns_are_found_by_name(tmp_path):
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(make_blobs(3) * [1, 5], columns=["a", "b"])
    c = ockham.clusters(x)
    c.save(tmp_path / "x.model")
    for model in (c, ockham.load(tmp_path / "x.model")):
        assert np.array_equal(model.predict(x[["b", "a"]].assign(more=1)), c.labels)
        assert np.array_equal(model.predict(x.to_numpy()), c.labels)
        with pytest.raises(ValueError, match="must have one column 'a'; it has 'q', 'b'"):
            model.predict(x.rename(columns={"a": "q"}))
    assert ockham.clusters(x.to_numpy()).predict(x).shape == (300,)


def test_rows_must_not_change():
    x = make_blobs(3)
    c = ockham.clusters(x)
    x *= 2
    for call in (lambda: c.at(2), c.plot, lambda: c.report("x.html")):
        with pytest.raises(RuntimeError, match="X has been changed since"):
            call()
    x /= 2
    assert c.at(2).k == 2


def test_copies(blobs):
    c = ockham.clusters(blobs)
    for other in (copy.copy(c), copy.deepcopy(c)):
        assert str(other) == str(c) and np.array_equal(other.at(3).labels, c.at(3).labels)
    assert copy.deepcopy(c).labels is not c.labels


def test_columns_are_counted():
    model = ockham.clusters(make_blobs(3, columns=3), scale="standard").model
    for call in (model.predict, model.predict_proba, model.distances):
        for columns in (1, 5):
            with pytest.raises(ValueError, match=f"must have the model's 3 columns, found {columns}"):
                call(np.zeros((4, columns)))
        with pytest.raises(ockham.DataError, match=r"NaN: X\[1, 2\]"):
            call([[0, 0, 0], [0, 0, np.nan]])


def test_numbers_of_numpy(blobs):
    a = ockham.clusters(blobs, k_max=np.int64(6), seed=np.uint8(3), silhouette=np.bool_(True))
    b = ockham.clusters(blobs, k_max=6, seed=3)
    assert a.why == b.why


def test_equal_means_identical(blobs):
    c = ockham.clusters(blobs)
    assert c == c and c.model == c.model and c.model != ockham.clusters(blobs).model and c.mixture != c.model


def test_other_k(blobs):
    c = ockham.clusters(blobs, scale="standard")
    for k in (1, 3, 4, 9):
        other = c.at(k)
        assert other.k == k and np.array_equal(np.bincount(other.labels), other.sizes)
        means = np.array([blobs[other.labels == j].mean(axis=0) for j in range(k)])
        assert np.allclose(other.centers, means)
        scaled = (blobs - blobs.mean(axis=0)) / blobs.std(axis=0)
        centers = np.array([scaled[other.labels == j].mean(axis=0) for j in range(k)])
        assert np.isclose(other.inertia, ((scaled - centers[other.labels]) ** 2).sum())
    with pytest.raises(ValueError, match="one that was tried, 1 to 20, found 99"):
        c.at(99)


def test_columns_of_other_units_are_scaled(blobs):
    c = ockham.clusters(blobs * [1, 1000])
    assert c.model.scaling.kind == "standard" and "columns were standardised" in c.why and c.k == 4
    means = [blobs[c.labels == j].mean(axis=0) * [1, 1000] for j in range(4)]
    assert np.allclose(c.centers, means, rtol=1e-6)
    assert ockham.clusters(blobs * [1, 1000], scale="none").model.scaling.kind == "none"
    mixture = c.mixture
    log_density = c.model.posterior(blobs * [1, 1000]).log_densities
    assert np.isclose(log_density.sum(), mixture.log_likelihood + len(blobs) * np.log(c.model.scaling.factor).sum())


@pytest.mark.parametrize("options", [{}, {"criterion": "bic"}, {"scale": "standard"}, {"weights": np.arange(400) % 3 + 1}])
def test_saved_and_loaded(tmp_path, blobs, options):
    c = ockham.clusters(blobs, **options)
    path = tmp_path / "blobs.model"
    c.save(path)
    model = ockham.load(path)
    assert repr(model) == repr(c.model)
    assert np.array_equal(model.predict(blobs), c.labels)
    assert np.array_equal(model.centers, c.centers) and model.seed == 0 and model.criterion == c.criterion
    model.save(str(tmp_path / "again.model"))
    assert (tmp_path / "again.model").read_bytes() == path.read_bytes()


def test_the_command_reads_the_same_model(tmp_path, blobs):
    c = ockham.clusters(blobs)
    c.save(tmp_path / "python.model")
    csv = write_csv(tmp_path / "x.csv", blobs)
    run_command("clusters", csv, "--model", tmp_path / "command.model")
    assert (tmp_path / "python.model").read_bytes() == (tmp_path / "command.model").read_bytes()


def test_files_that_cannot_be_used(tmp_path, blobs, monkeypatch):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ockham.load(tmp_path / "nowhere.model")
    with pytest.raises(IsADirectoryError):
        ockham.load(tmp_path)
    for bad in ("a\0b", tmp_path / "no/such/folder.model"):
        with pytest.raises((ValueError, FileNotFoundError), match="null|no/such"):
            ockham.clusters(blobs).save(bad)
    monkeypatch.chdir(tmp_path)
    ockham.clusters(blobs).save("-")  # a name as any other
    assert ockham.load("-").k == 4
    (tmp_path / "text.model").write_text("no model")
    with pytest.raises(ValueError, match="text.model"):
        ockham.load(tmp_path / "text.model")
    with pytest.raises(OSError, match="no/such"):
        ockham.clusters(blobs).save(tmp_path / "no/such/folder.model")


def test_pickled(blobs):
    c = ockham.clusters(blobs)
    other = pickle.loads(pickle.dumps(c))
    assert str(other) == str(c) and np.array_equal(other.predict(blobs), c.labels)
    assert dict(other.criteria) == dict(c.criteria) and other.confidence == c.confidence
    with pytest.raises(RuntimeError, match="needs the rows, which are not pickled"):
        other.at(3)
    error = pickle.loads(pickle.dumps(ockham.DataError("x", 1, 2)))
    assert (str(error), error.row, error.column) == ("x", 1, 2)


def test_frames(blobs):
    pandas = pytest.importorskip("pandas")
    c = ockham.clusters(pandas.DataFrame(blobs, columns=["a", "b"]))
    criteria = c.criteria.to_frame()
    assert criteria.loc["mixture"].tolist() == [4, c.curve["mixture"][3], True, True]
    assert criteria["decides"].sum() == 1 and list(criteria.index) == list(c.criteria)
    curve = c.curve.to_frame()
    assert curve.index.name == "k" and np.array_equal(curve["inertia"], c.curve["inertia"])


def test_notebooks_show_text_as_text():
    pandas = pytest.importorskip("pandas")
    names = ["<script>alert(1)</script>", "&amp;" + "x" * 10_000]
    html = ockham.clusters(pandas.DataFrame(make_blobs(30), columns=names))._repr_html_()
    assert "<script" not in html and "&lt;script&gt;alert(1)" in html and "&amp;amp;x" in html
    assert len(html) < 10_000 and "30 clusters" in html and "… 6 more" in html


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_plot(columns):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    x = np.concatenate([np.random.default_rng(j).normal(8 * j, 1, (9000, columns)) for j in range(3)])
    figure = ockham.clusters(x, k_max=5).plot()
    titles = [axes.get_title(loc="left") for part in figure.subfigs for axes in part.axes]
    assert titles[0] == "BIC of mixtures decides: 3" and "20,000 of 27,000 rows" in titles[2]
    n_points = sum(len(c.get_offsets()) for c in figure.subfigs[1].axes[0].collections)
    assert n_points == 20_000
    figure.canvas.draw()


def test_report(tmp_path, blobs):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(blobs, columns=["<b>height</b>", "</script><script>alert(1)</script>"])
    c = ockham.clusters(frame, seed=3, criterion="bic", weights=np.ones(400), known_labels=["x", "y"] * 200)
    path = tmp_path / "blobs.html"
    c.report(path, title="blobs & co")
    html = path.read_text()
    assert "4 clusters" in html and "blobs &amp; co" in html and "alert(1)</script>" not in html
    call = "ockham.clusters(X, criterion='bic', weights=weights, known_labels=known_labels, seed=3)"
    assert call in html.replace("\\u0027", "'")
    assert "known" in html and len(html) < 2_000_000
    with pytest.raises(OSError, match="no/such"):
        c.report(tmp_path / "no/such/folder.html")
    with pytest.raises(RuntimeError, match="report.* needs the rows"):
        pickle.loads(pickle.dumps(c)).report(path)

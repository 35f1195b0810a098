# SPDX-License-Identifier: Apache-2.0
"""Against scikit-learn on the same data: the same numbers where both compute the same, as good an optimum or a better."""

import numpy as np
import pytest
from conftest import make_blobs, read_known
from sklearn import cluster, metrics, mixture

import ockham

SETS = ["iris", "wine", "s-set1", "hepta", "R15", "twenty"]


@pytest.mark.parametrize("name", SETS)
def test_inertia_is_no_higher(name):
    """Their ten starts against our 100, which take a fifth of the time: bench/python.md has the defaults."""
    x, _ = read_known(name)
    for k in (2, 3, 7, 15):
        theirs = cluster.KMeans(k, n_init=10, random_state=0).fit(x)
        ours = ockham.KMeans(k, n_init=100, random_state=0).fit(x)
        assert ours.inertia_ <= theirs.inertia_ * (1 + 1e-7), k


@pytest.mark.parametrize("k", [2, 5, 9])
def test_same_labels_for_the_same_optimum(k):
    x = make_blobs(k, columns=4)
    theirs = cluster.KMeans(k, n_init=10, random_state=0).fit(x)
    ours = ockham.KMeans(k, random_state=0).fit(x)
    assert metrics.adjusted_rand_score(theirs.labels_, ours.labels_) == 1
    order = np.lexsort(theirs.cluster_centers_.T), np.lexsort(ours.cluster_centers_.T)
    assert np.allclose(theirs.cluster_centers_[order[0]], ours.cluster_centers_[order[1]], atol=1e-9)
    assert np.isclose(theirs.inertia_, ours.inertia_, rtol=1e-9)


def test_same_distances_and_scores():
    x, new = make_blobs(5), make_blobs(5, seed=1)
    ours = ockham.KMeans(5, random_state=0).fit(x)
    theirs = cluster.KMeans(5, init=ours.cluster_centers_, n_init=1, max_iter=1).fit(x)
    assert np.array_equal(ours.predict(new), theirs.predict(new))
    assert np.allclose(ours.transform(new), theirs.transform(new), atol=1e-7)
    assert np.isclose(ours.score(new), theirs.score(new))


@pytest.mark.parametrize("name", ["iris", "R15", "hepta"])
def test_criteria_of_the_same_labels(name):
    """1e-6, relative: both sum in float64, in another order."""
    x, _ = read_known(name)
    c = ockham.clusters(x, k_max=16, scale="none", silhouette="exact", all_criteria=False)
    for i, k in enumerate(c.curve["k"][1:], 1):
        labels = c.at(k).labels
        for ours, theirs in (
            ("silhouette", metrics.silhouette_score),
            ("calinski-harabasz", metrics.calinski_harabasz_score),
            ("davies-bouldin", metrics.davies_bouldin_score),
        ):
            assert c.curve[ours][i] == pytest.approx(theirs(x, labels), rel=1e-6), (ours, k)


def test_agreement():
    x, labels = read_known("wine")
    c = ockham.clusters(x, known_labels=labels)
    rand = metrics.adjusted_rand_score(labels, c.labels)
    mutual = metrics.adjusted_mutual_info_score(labels, c.labels)
    assert f"adjusted Rand {rand:.3f}, adjusted mutual information {mutual:.3f}" in c.why


def as_theirs(ours, covariance_type):
    """scikit-learn's mixture with the parameters of ours."""
    theirs = mixture.GaussianMixture(len(ours.weights_), covariance_type=covariance_type)
    theirs.weights_, theirs.means_, theirs.covariances_ = ours.weights_, ours.means_, ours.covariances_
    theirs.precisions_cholesky_ = ours.precisions_cholesky_
    return theirs


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("name", ["iris", "hepta"])
def test_mixtures_say_the_same(name, covariance_type):
    x, _ = read_known(name)
    ours = ockham.GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(x)
    theirs = as_theirs(ours, covariance_type)
    assert np.allclose(ours.score_samples(x), theirs.score_samples(x), atol=1e-8)
    assert np.allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=1e-8)
    assert np.array_equal(ours.predict(x), theirs.predict(x))
    assert ours.bic(x) == pytest.approx(theirs.bic(x)) and ours.aic(x) == pytest.approx(theirs.aic(x))
    assert ours.lower_bound_ == pytest.approx(theirs.score(x))
    precisions = np.linalg.inv(ours.covariances_) if ours.covariances_.ndim > 1 and covariance_type != "diag" else 1 / ours.covariances_
    assert np.allclose(ours.precisions_, precisions)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_mixtures_are_as_likely(covariance_type):
    """Of three starts the best is no less likely; in bench/python.md ours has one."""
    for name in ("iris", "wine", "hepta"):
        x, _ = read_known(name)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        theirs = mixture.GaussianMixture(3, covariance_type=covariance_type, random_state=0, n_init=3).fit(x)
        ours = ockham.GaussianMixture(3, covariance_type=covariance_type, n_init=20, random_state=0).fit(x)
        assert ours.score(x) >= theirs.score(x) - 1e-3, name


@pytest.mark.parametrize("options", [{}, {"covariance_type": "VII"}, {"covariance_type": "VVV", "tails": True}])
def test_samples_are_of_the_mixture(options):
    random = np.random.default_rng(0)
    x = np.concatenate([random.standard_t(3, (600, 2)), random.standard_t(3, (300, 2)) + 12])
    ours = ockham.GaussianMixture(2, random_state=1, **options).fit(x)
    drawn, component = ours.sample(200_000)
    assert np.array_equal(component, np.sort(component))
    shares = np.bincount(component) / len(component)
    assert np.allclose(shares, ours.weights_, atol=0.005)
    matrices = ours.mixture_.matrices()
    for j in range(2):
        rows = drawn[component == j]
        assert np.allclose(rows.mean(axis=0), ours.means_[j], atol=0.05)
        assert np.allclose(np.cov(rows.T), matrices[j], atol=0.06 * np.trace(matrices[j]))
    if not options:
        theirs, _ = as_theirs(ours, "full").sample(200_000)
        assert ours.score(drawn) == pytest.approx(ours.score(theirs), abs=0.01)
    if options.get("tails"):
        assert ours.tail_ < 1
        square = np.einsum("ij,ij->i", rows - ours.means_[1], np.linalg.solve(matrices[1], (rows - ours.means_[1]).T).T)
        assert (square**2).mean() > 8 * 1.3  # of a Gaussian in two columns it is 8

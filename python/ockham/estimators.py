# SPDX-License-Identifier: Apache-2.0
"""Estimators by scikit-learn's conventions: they clone, pickle, and work in pipelines and searches.

Beside scikit-learn's own parameters, where they have a meaning here:
    random_state  an int is the library's seed; None and generators draw one
    n_jobs        threads; None: as OMP_NUM_THREADS says (joblib sets it for its workers), else, and for -1, every core
    progress      called as progress(stage, done, total); True: a bar
"""

from __future__ import annotations

import numbers
import warnings
from typing import Any, Iterator, Sequence

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, DensityMixin, TransformerMixin
    from sklearn.cluster import kmeans_plusplus
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("ockham's estimators need scikit-learn 1.6 or newer: pip install scikit-learn") from error

from ockham._calls import Progress, count_cores, whole_number
from ockham._clusters import clusters
from ockham._criteria import criteria
from ockham._input import Rows, is_frame, read_rows, read_weights
from ockham._kmeans import PRECISIONS, fit_kmeans, nearest
from ockham._mixture import FAMILIES, Mixture, Posterior, draw, fit_mixture, posterior
from ockham._model import distances_to
from ockham._structs import FloatArray, IntArray

RandomState = int | np.random.RandomState | None


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What the three share: how data, weights, seeds and threads are read."""

    def _read(self, X: Any, *, reset: bool) -> Rows:
        """Rows where they lie; frames go past scikit-learn's array check, which would copy them once more."""
        if is_frame(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return read_rows(X)
        return Rows(validate_data(self, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite=False))

    def _seed(self) -> int:
        state = self.random_state
        if isinstance(state, numbers.Integral):
            return whole_number("random_state", state, 0, 2**64 - 1)
        return int(check_random_state(state).randint(np.iinfo(np.int32).max))

    def _threads(self) -> int | None:
        if self.n_jobs is None:
            return None
        if isinstance(self.n_jobs, numbers.Integral) and self.n_jobs < 0:
            return max(1, count_cores() + 1 + int(self.n_jobs))
        return whole_number("n_jobs", self.n_jobs, 1)


def _restarts(n_init: int | str) -> int:
    return 0 if n_init == "auto" else whole_number("n_init", n_init, 1)


def _check_enough(rows: Rows, name: str, k: int) -> None:
    if rows.n_rows < k:
        raise ValueError(f"n_samples={rows.n_rows} should be >= {name}={k}.")


def _total(rows: Rows, weights: FloatArray | None) -> float:
    """How many rows there are, by their weights."""
    return rows.n_rows if weights is None else float(weights.sum())


def _warn_of_steps(what: str, n: int) -> None:
    warnings.warn(f"{what} did not converge in {n} iterations: raise max_iter", ConvergenceWarning, stacklevel=3)


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, _Estimator):  # type: ignore[misc]
    """k-means, whose inertia is mostly lower than that of ten restarts of scikit-learn's, in less time than one.

    n_init     independent starts; "auto": 32 where n d k is up to a million, else 4, above 64 clusters 1
    max_iter   of Lloyd's algorithm, a start
    precision  "auto": float32 where it tells rows apart, checked in float64; "double"

    After fit(): cluster_centers_ (k x d), labels_ (n), inertia_, n_iter_, n_features_in_, feature_names_in_.
    There are fewer centers than asked, with a ConvergenceWarning, where there are fewer distinct rows.
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        n_init: int | str = "auto",
        max_iter: int = 300,
        random_state: RandomState = None,
        precision: str = "auto",
        n_jobs: int | None = None,
        progress: Progress = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.max_iter = max_iter
        self.random_state = random_state
        self.precision = precision
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        rows = self._read(X, reset=True)
        k = whole_number("n_clusters", self.n_clusters, 1)
        _check_enough(rows, "n_clusters", k)
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, found {self.precision!r}")
        with rows.explained():
            result = fit_kmeans(
                rows,
                k,
                weights=read_weights(sample_weight, rows.n_rows),
                seed=self._seed(),
                restarts=_restarts(self.n_init),
                max_iterations=whole_number("max_iter", self.max_iter, 1),
                precision=self.precision,
                threads=self._threads(),
                progress=self.progress,
            )
        self.cluster_centers_: FloatArray = result.centroids
        self.labels_: IntArray = result.labels
        self.inertia_ = result.inertia
        self.n_iter_ = result.n_iterations
        self._n_features_out = len(result.centroids)
        if len(result.centroids) < k:
            warnings.warn(
                f"Number of distinct clusters ({len(result.centroids)}) found smaller than n_clusters ({k}). "
                "Possibly due to duplicate points in X.",
                ConvergenceWarning,
                stacklevel=2,
            )
        elif not result.converged:
            _warn_of_steps("k-means", self.max_iter)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        return self.fit(X, sample_weight=sample_weight).labels_

    def _nearest(self, X: Any) -> tuple[IntArray, FloatArray]:
        check_is_fitted(self)
        rows = self._read(X, reset=False)
        with rows.explained():
            return nearest(rows, self.cluster_centers_, self._threads())

    def predict(self, X: Any) -> IntArray:
        """The nearest center of each row."""
        return self._nearest(X)[0]

    def transform(self, X: Any) -> FloatArray:
        """n x k: the distance to each center."""
        check_is_fitted(self)
        rows = self._read(X, reset=False)
        rows.check_finite()
        return distances_to(rows, self.cluster_centers_)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the sum of squared distances to the nearest centers."""
        squared = self._nearest(X)[1]
        weights = read_weights(sample_weight, len(squared))
        return -float(squared.sum() if weights is None else squared @ weights)


#: scikit-learn's names for four of the families
COVARIANCE_TYPES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}


def _family_names(covariance_type: str | Sequence[str]) -> str | None:
    """As the library takes them; None: those that the data allow."""
    if isinstance(covariance_type, str):
        if covariance_type == "auto":
            return None
        covariance_type = covariance_type.split(",")
    if not isinstance(covariance_type, (list, tuple)) or not covariance_type:
        raise ValueError(f"covariance_type must be a name or some names, found {covariance_type!r}")
    names = [COVARIANCE_TYPES.get(name, name.upper()) for name in covariance_type]
    for name in names:
        if name not in FAMILIES:
            known = ", ".join([*COVARIANCE_TYPES, "auto", *FAMILIES])
            raise ValueError(f"covariance_type must be of {known}, found {name!r}")
    return ",".join(names)


class GaussianMixture(DensityMixin, _Estimator):  # type: ignore[misc]
    """A mixture of Gaussians, or of distributions with heavier or lighter tails.

    covariance_type  "full", "tied", "diag", "spherical", or a name of ockham.FAMILIES; of several, and of "auto", the
                     one with the best BIC is kept
    tails            also try tails that are not Gaussian
    tol              a step that raises the mean log-likelihood by less is the last; None: 1e-6 in all
    n_init           fits, of which that with the best BIC is kept: the first from the best of several k-means, the others
                     from clusters around centers that k-means++ draws

    After fit(): weights_, means_, covariances_, precisions_, precisions_cholesky_ (of the shapes that scikit-learn has
    for the four names, else k x d x d, or k x d along the axes), family_, tail_, labels_, lower_bound_ (the mean
    log-likelihood), converged_, n_iter_, regularised_, bic_by_family_ (scikit-learn's sign: lower is better).
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str | Sequence[str] = "full",
        tails: bool = False,
        tol: float | None = None,
        max_iter: int = 1000,
        n_init: int = 1,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        progress: Progress = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tails = tails
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianMixture:
        rows = self._read(X, reset=True)
        k = whole_number("n_components", self.n_components, 1)
        _check_enough(rows, "n_components", k)
        if rows.n_rows < 2:
            raise ValueError("n_samples=1: one row has no covariance")
        if self.tol is not None and not (isinstance(self.tol, numbers.Real) and self.tol > 0):
            raise ValueError(f"tol must be more than 0, or None, found {self.tol!r}")
        weights, seed = read_weights(sample_weight, rows.n_rows), self._seed()
        with rows.explained():
            mixture, labels = self._fit_once(rows, k, weights, seed, None)
            for start in self._starts(rows, k, weights, seed):
                other = self._fit_once(rows, k, weights, seed, start)
                if other[0].bic > mixture.bic:
                    mixture, labels = other
        self._keep(mixture, labels, _total(rows, weights))
        if not mixture.converged:
            _warn_of_steps("the mixture", self.max_iter)
        return self

    def _fit_once(
        self, rows: Rows, k: int, weights: FloatArray | None, seed: int, start: FloatArray | None
    ) -> tuple[Mixture, IntArray]:
        return fit_mixture(
            rows,
            k,
            families=_family_names(self.covariance_type),
            tails=self.tails,
            weights=weights,
            start=start,
            seed=seed,
            max_steps=whole_number("max_iter", self.max_iter, 1),
            tolerance=0.0 if self.tol is None else self.tol * _total(rows, weights),
            threads=self._threads(),
            progress=self.progress,
        )

    def _starts(self, rows: Rows, k: int, weights: FloatArray | None, seed: int) -> Iterator[FloatArray]:
        """Which component each row belongs to at first, for all fits but one."""
        random = np.random.RandomState(seed % 2**32)
        for _ in range(whole_number("n_init", self.n_init, 1) - 1):
            centers, _ = kmeans_plusplus(rows.array, k, sample_weight=weights, random_state=random)
            labels, _ = nearest(rows, centers.astype(np.float64), self._threads())
            yield np.eye(k)[labels]

    def _keep(self, mixture: Mixture, labels: IntArray, total: float) -> None:
        self.mixture_ = mixture
        self.labels_ = labels
        self.family_ = mixture.family
        self.tail_ = mixture.tail
        self.converged_ = mixture.converged
        self.regularised_ = mixture.regularised
        self.n_iter_ = mixture.n_steps
        self.lower_bound_ = mixture.log_likelihood / total
        self.weights_ = mixture.proportions
        self.means_ = mixture.means
        self.bic_by_family_ = {name: -bic for name, bic in mixture.family_bic.items()}
        covariances = mixture.covariances
        if self.covariance_type == "tied":
            covariances = covariances[0]
        elif self.covariance_type == "spherical":
            covariances = covariances[:, 0]
        self.covariances_: FloatArray = covariances
        if self.covariance_type == "tied" or covariances.ndim == 3:
            factor = np.linalg.cholesky(covariances)
            self.precisions_cholesky_ = np.swapaxes(np.linalg.inv(factor), -1, -2)
            self.precisions_ = self.precisions_cholesky_ @ np.swapaxes(self.precisions_cholesky_, -1, -2)
        else:
            self.precisions_cholesky_ = 1 / np.sqrt(covariances)
            self.precisions_ = 1 / covariances

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        return self.fit(X, sample_weight=sample_weight).labels_

    def _posterior(self, X: Any) -> Posterior:
        check_is_fitted(self)
        rows = self._read(X, reset=False)
        with rows.explained():
            return posterior(self.mixture_, rows, self._threads())

    def predict(self, X: Any) -> IntArray:
        """The most probable component of each row."""
        return self._posterior(X).labels

    def predict_proba(self, X: Any) -> FloatArray:
        """n x k: the posterior probability of each component."""
        return self._posterior(X).probabilities

    def score_samples(self, X: Any) -> FloatArray:
        """The logarithm of the density at each row."""
        return self._posterior(X).log_densities

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of score_samples()."""
        return float(self.score_samples(X).mean())

    def bic(self, X: Any) -> float:
        """-2 ln L + p ln n: lower is better, as in scikit-learn."""
        densities = self.score_samples(X)
        return float(-2 * densities.sum() + self.mixture_.n_parameters * np.log(len(densities)))

    def aic(self, X: Any) -> float:
        """-2 ln L + 2 p: lower is better."""
        return float(-2 * self.score_samples(X).sum() + 2 * self.mixture_.n_parameters)

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, IntArray]:
        """Rows drawn from the mixture, and the component of each."""
        check_is_fitted(self)
        return draw(self.mixture_, whole_number("n_samples", n_samples, 1), check_random_state(self.random_state))


def _has_mixture(estimator: AutoClusters) -> bool:
    name = estimator.criterion or "mixture"
    if not any(c.name == name and c.of_mixtures for c in criteria()):
        raise AttributeError(f"probabilities need a mixture, and {name!r} chooses among those of k-means")
    return True


class AutoClusters(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, _Estimator):  # type: ignore[misc]
    """Clusters of which nobody said how many: ockham.clusters() as an estimator, with parameters of the same names.

    After fit(): best_k_, criteria_ (the k of each criterion), labels_, cluster_centers_ (in the data's own units),
    why_ (sentences), result_ (all of it), n_features_in_, feature_names_in_.
    """

    def __init__(
        self,
        *,
        k_min: int = 1,
        k_max: int | None = None,
        criterion: str | None = None,
        scale: str = "auto",
        restarts: int | None = None,
        silhouette: bool | str = True,
        all_criteria: bool = False,
        random_state: RandomState = 0,
        n_jobs: int | None = None,
        progress: Progress = None,
    ) -> None:
        self.k_min = k_min
        self.k_max = k_max
        self.criterion = criterion
        self.scale = scale
        self.restarts = restarts
        self.silhouette = silhouette
        self.all_criteria = all_criteria
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> AutoClusters:
        rows = self._read(X, reset=True)
        self.result_ = clusters(
            rows,
            k_min=self.k_min,
            k_max=self.k_max,
            criterion=self.criterion,
            scale=self.scale,
            weights=sample_weight,
            seed=self._seed(),
            restarts=self.restarts,
            silhouette=self.silhouette,
            all_criteria=self.all_criteria,
            threads=self._threads(),
            progress=self.progress,
        )
        self.best_k_ = self.result_.k
        self.criteria_ = self.result_.criteria
        self.labels_ = self.result_.labels
        self.cluster_centers_ = self.result_.centers
        self.why_ = self.result_.why
        self._n_features_out = self.best_k_
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> IntArray:
        return self.fit(X, sample_weight=sample_weight).labels_

    def predict(self, X: Any) -> IntArray:
        """The cluster of each row."""
        check_is_fitted(self)
        return self.result_.predict(self._read(X, reset=False), threads=self._threads())

    def transform(self, X: Any) -> FloatArray:
        """n x k: the distance to each center, in scaled units."""
        check_is_fitted(self)
        return self.result_.model.distances(self._read(X, reset=False))

    @available_if(_has_mixture)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> FloatArray:
        """n x k: the posterior probability of each cluster, where mixtures decided."""
        check_is_fitted(self)
        return self.result_.predict_proba(self._read(X, reset=False), threads=self._threads())

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the sum of squared distances to the centers of the rows' clusters, in scaled units: not to be compared
        between different values of `scale`."""
        check_is_fitted(self)
        rows = self._read(X, reset=False)
        distances = self.result_.model.distances(rows)
        labels = self.result_.predict(rows, threads=self._threads())
        return -float(np.square(distances[np.arange(len(labels)), labels]).sum())


__all__ = ["AutoClusters", "COVARIANCE_TYPES", "GaussianMixture", "KMeans"]

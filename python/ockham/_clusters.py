# SPDX-License-Identifier: Apache-2.0
"""How many clusters are in my data: one function, and what it finds."""

from __future__ import annotations

import ctypes
import os
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import DataError, Progress, Watch, call, count_threads
from ockham._criteria import Choices, Curve, read_choices, read_curve, table
from ockham._input import Rows, read_rows, read_weights
from ockham._mixture import Mixture
from ockham._model import Model, Scaling, fit_scaling
from ockham._structs import FloatArray, IntArray, copy_array, point_to

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Confidence:
    """How sure the answer is, where mixtures decided.

    weight        posterior probability of k under BIC, among the k tried; None where another criterion decided
    halves        how many of the random halves of the rows say each k
    unclear       most halves say 1, or they differ and there is no gap between clusters
    overlapping   the two clusters that overlap most, or None
    overlap       the share of their rows that may be in either
    split         the cluster that is two with one cluster more, or None
    bent_share    the share of rows in groups that have no centre: rings, arcs, spirals
    """

    weight: float | None
    halves: dict[int, int]
    unclear: bool
    overlapping: tuple[int, int] | None
    overlap: float
    split: int | None
    bent_share: float


@dataclass(frozen=True)
class Clustering:
    """k-means clusters for one k of the sweep; centers in the data's own units, inertia in scaled ones."""

    k: int
    labels: IntArray
    centers: FloatArray
    sizes: npt.NDArray[np.uint64]
    inertia: float


@dataclass(repr=False, eq=False)
class Clusters:
    """What clusters() found. `print(c)` is the command's report.

    model        the clusters: labels new rows, and can be saved
    labels       n: each row's cluster, 0 to k - 1, by falling size
    criteria     the k that each criterion chooses, by its name
    curve        the values behind that, for every k that was tried
    why          what speaks for the answer, and against it, in sentences
    confidence   the same as numbers
    at_edge      k is the largest that was tried
    undecided    the criterion chose no k: k is then the smallest that was tried
    partial      a callback stopped the sweep early
    seconds      that the sweep took
    copied       why the rows had to be copied; "" where they were read where they lie
    """

    model: Model
    labels: IntArray
    criteria: Choices
    curve: Curve
    why: str
    confidence: Confidence
    at_edge: bool
    undecided: bool
    partial: bool
    seconds: float
    copied: str
    _text: str
    _live: _Live | None

    @property
    def k(self) -> int:
        """How many clusters there are."""
        return self.model.k

    @property
    def centers(self) -> FloatArray:
        """k x d: the means of the clusters, in the data's own units."""
        return self.model.centers

    @property
    def sizes(self) -> npt.NDArray[np.uint64]:
        """k: how many rows each cluster has."""
        return self.model.sizes

    @property
    def criterion(self) -> str:
        """The name of the criterion that decided."""
        return self.model.criterion

    @property
    def mixture(self) -> Mixture | None:
        """The mixture whose components the clusters are, in scaled units; None where they are those of k-means."""
        return self.model.mixture

    @property
    def column_names(self) -> list[str]:
        return self.model.column_names

    def __repr__(self) -> str:
        plural = "s" if self.k != 1 else ""
        return f"<ockham.Clusters: {self.k} cluster{plural} of {len(self.labels)} rows × {self.model.n_columns} columns>"

    def __str__(self) -> str:
        return self._text.rstrip("\n")

    def _repr_html_(self) -> str:
        from ockham._html import render

        return render(self)

    # ---- new rows, other k, files ----

    def predict(self, X: Any, *, threads: int | None = None) -> IntArray:
        """The cluster of each new row."""
        return self.model.predict(X, threads=threads)

    def predict_proba(self, X: Any, *, threads: int | None = None) -> FloatArray:
        """n x k: the posterior probability of each cluster; where mixtures decided."""
        return self.model.predict_proba(X, threads=threads)

    def at(self, k: int, *, threads: int | None = None) -> Clustering:
        """The clusters of k-means for another k of the sweep."""
        live = self._needs_rows("at()")
        curve = _ffi.ockham_sweep_curve(live.sweep).contents
        ks = [curve.points[i].k for i in range(curve.n_points)]
        if k not in ks:
            raise ValueError(f"k must be one that was tried, {ks[0]} to {ks[-1]}, found {k}")
        i = ks.index(k)
        labels = np.empty(live.rows.n_rows, np.int32)
        call(_ffi.ockham_sweep_labels, live.sweep, live.rows.struct, i, count_threads(threads), point_to(labels))
        point = curve.points[i]
        centroids = copy_array(point.centroids, (k, live.rows.n_columns))
        return Clustering(k, labels, self.model.scaling.undo(centroids), copy_array(point.sizes, k), point.inertia)

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Write the model file that load() and `ockham predict` read."""
        self.model.save(path)

    def plot(self) -> Figure:
        """A matplotlib figure: the criterion that decided and the elbow over k, and the rows in two principal
        components, coloured by cluster. A sample of the rows where there are more than 20,000."""
        from ockham._plot import plot

        return plot(self, self._needs_rows("plot()").rows)

    def _needs_rows(self, what: str) -> _Live:
        if self._live is None:
            raise RuntimeError(f"{what} needs the rows, which are not pickled: call clusters() again")
        return self._live

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_live": None}


class _Live:
    """The rows, in scaled units, and the library's sweep of them."""

    def __init__(
        self, rows: Rows, weights: FloatArray | None, options: _ffi.ockham_sweep_options, progress: Progress
    ) -> None:
        self.rows = rows
        self.weights = weights
        self.sweep = ctypes.POINTER(_ffi.ockham_sweep)()
        weakref.finalize(self, _ffi.ockham_sweep_free, self.sweep)
        with Watch(progress) as watch:
            options.progress = watch.pointer
            call(_ffi.ockham_sweep_run, rows.struct, ctypes.byref(options), ctypes.byref(self.sweep))
        self.verdict = _ffi.ockham_sweep_verdict(self.sweep)


def clusters(
    X: Any,
    *,
    k_min: int = 1,
    k_max: int | None = None,
    criterion: str | None = None,
    scale: str = "auto",
    weights: Any = None,
    known_labels: Any = None,
    seed: int = 0,
    restarts: int | None = None,
    silhouette: Union[bool, str] = True,
    mixtures: bool = False,
    all_criteria: bool = False,
    threads: int | None = None,
    progress: Progress = None,
) -> Clusters:
    """How many clusters are in X: every k is fitted, and the Bayesian information criterion over mixtures decides.

    X             n x d numbers: NumPy, pandas, polars, pyarrow, or anything with a buffer, Arrow or array interface.
                  Rows of float32 or float64 are read where they lie; else they are copied once (`copied` says why)
    k_min, k_max  the range; by default from 1 to the root of n (10 to 60), and further while the best k is near
    criterion     what decides: a name of criteria(), "mixture" by default
    scale         "auto": standardise columns whose spreads differ by more than 10 to 1; "none", "standard", "robust"
    weights       n: how many rows each row stands for
    known_labels  n: labels to compare with, which decide nothing
    seed          of every random choice: the same seed gives the same bits for any number of threads
    restarts      further rounds over the range with fresh seeds
    silhouette    True: estimated where there are many rows; "exact"; False: left out
    mixtures      fit mixtures also where another criterion decides
    all_criteria  also the other sixty: takes far longer
    threads       None: as OMP_NUM_THREADS says, else every core
    progress      called as progress(stage, done, total), False stops with what there is; True: a bar (tqdm's if there)

    Raises DataError, which is a ValueError, for data that cannot be used, with row and column.
    """
    _check(criterion, silhouette)
    rows = read_rows(X)
    row_weights = read_weights(weights, rows.n_rows)
    n_threads = count_threads(threads)
    options = _ffi.ockham_sweep_options(
        k_min=k_min,
        k_max=k_max or 0,
        seed=seed,
        restarts=restarts or 0,
        criterion=criterion.encode() if criterion else None,
        exact=silhouette == "exact",
        no_silhouette=silhouette is False,
        threads=n_threads,
        weights=point_to(row_weights),
        mixtures=mixtures,
        all_criteria=all_criteria,
    )
    try:
        scaling = fit_scaling(rows, scale, row_weights)
        live = _Live(scaling.apply(rows), row_weights, options, progress)
    except DataError as error:
        raise rows.explain(error) from None
    labels = np.empty(rows.n_rows, np.int32)
    call(_ffi.ockham_sweep_verdict_labels, live.sweep, live.rows.struct, n_threads, point_to(labels))
    scaling_struct = scaling.to_struct(rows.n_columns)
    report = _ffi.ockham_report_options(
        scaling=ctypes.pointer(scaling_struct),
        scaling_chosen=scale == "auto",
        seed=seed,
        all_criteria=all_criteria,
    )
    if known_labels is not None:
        _add_agreement(report, labels, known_labels)
    return _read(live, _model_of(live, rows, scaling, seed), labels, report)


def _check(criterion: str | None, silhouette: Union[bool, str]) -> None:
    if silhouette not in (True, False, "exact"):
        raise ValueError(f"silhouette must be True, False or 'exact', found {silhouette!r}")
    if criterion is not None and not _ffi.ockham_criterion_find(criterion.encode()):
        raise ValueError(f"no criterion is named {criterion!r}; ockham.criteria() lists them")


def _add_agreement(report: _ffi.ockham_report_options, labels: IntArray, known_labels: Any) -> None:
    values, known = np.unique(np.asarray(known_labels), return_inverse=True)
    if known.shape != labels.shape:
        raise ValueError(f"known_labels must be {len(labels)} labels, one a row, found the shape {known.shape}")
    agreement = _ffi.ockham_agreement()
    numbers = known.astype(np.uint32)
    call(_ffi.ockham_agreement_measure, point_to(labels), point_to(numbers), len(labels), ctypes.byref(agreement))
    report.agreement = ctypes.pointer(agreement)
    report.n_label_values = len(values)


def _model_of(live: _Live, rows: Rows, scaling: Scaling, seed: int) -> Model:
    v = live.verdict
    k, d = v.k, rows.n_columns
    point = _ffi.ockham_sweep_curve(live.sweep).contents.points[v.point]
    mixture = Mixture.of_struct(v.mixture.contents) if v.mixture else None
    return Model(
        column_names=rows.names(),
        scaling=scaling,
        centroids=mixture.means if mixture else copy_array(point.centroids, (k, d)),
        sizes=copy_array(v.sizes, k),
        within=None if mixture else copy_array(v.within, k),
        weights=copy_array(v.weights, k),
        seed=seed,
        criterion=v.criterion.contents.name.decode(),
        mixture=mixture,
    )


def _read(live: _Live, model: Model, labels: IntArray, report: _ffi.ockham_report_options) -> Clusters:
    v = live.verdict
    curve = _ffi.ockham_sweep_curve(live.sweep)
    shown = [c for c in table() if _shows(c, curve, model.criterion, report.all_criteria)]
    text = _text_of(live.sweep, report)
    report.no_tables = True
    return Clusters(
        model=model,
        labels=labels,
        criteria=read_choices(curve, model.criterion, shown),
        curve=read_curve(curve, shown),
        why=_text_of(live.sweep, report).rstrip("\n"),
        confidence=_confidence_of(live),
        at_edge=v.at_edge,
        undecided=v.undecided,
        partial=v.partial,
        seconds=v.seconds,
        copied=live.rows.copied,
        _text=text,
        _live=live,
    )


def _shows(c: _ffi.ockham_criterion, curve: Any, decider: str, all_criteria: bool) -> bool:
    """As the command does."""
    wanted = c.usual or all_criteria or (c.name or b"").decode() == decider
    return wanted and bool(_ffi.ockham_criterion_has_evidence(ctypes.byref(c), curve))


def _text_of(sweep: Any, report: _ffi.ockham_report_options) -> str:
    text = ctypes.POINTER(ctypes.c_char)()
    call(_ffi.ockham_report_sweep, sweep, ctypes.byref(report), ctypes.byref(text))
    try:
        return (ctypes.cast(text, ctypes.c_char_p).value or b"").decode()
    finally:
        _ffi.ockham_text_free(text)


def _confidence_of(live: _Live) -> Confidence:
    v, c = live.verdict, live.verdict.confidence
    curve = _ffi.ockham_sweep_curve(live.sweep).contents
    ks = [curve.points[i].k for i in range(curve.n_points)]
    counts = {k: _ffi.ockham_sweep_half_count(live.sweep, k) for k in ks}
    return Confidence(
        weight=None if np.isnan(v.weight) else v.weight,
        halves={k: count for k, count in counts.items() if count},
        unclear=c.unclear,
        overlapping=(c.merge_a, c.merge_b) if c.overlap > 0 else None,
        overlap=c.overlap,
        split=c.split if c.has_split else None,
        bent_share=c.bent_share,
    )

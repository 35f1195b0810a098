# SPDX-License-Identifier: Apache-2.0
"""How many clusters are in my data: one function, and what it finds."""

from __future__ import annotations

import ctypes
import os
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import Progress, count_threads, whole_number
from ockham._criteria import Choices, Curve, read_choices, read_curve, table
from ockham._input import read_rows, read_weights
from ockham._mixture import Mixture
from ockham._model import Model, fit_scaling
from ockham._profile import fit_profile
from ockham._report import KnownLabels, Report, spell_call
from ockham._structs import FloatArray, IntArray, copy_array, encode, point_to
from ockham._sweep import Confidence, Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Clustering:
    """k-means clusters for one k of the sweep; centers in the data's own units, inertia in scaled ones."""

    k: int
    labels: IntArray = field(repr=False)
    centers: FloatArray = field(repr=False)
    sizes: npt.NDArray[np.uint64] = field(repr=False)
    inertia: float


@dataclass(repr=False, eq=False)
class Clusters:
    """What clusters() found. `print(c)` is the command's report.

    model        the clusters: labels new rows, and can be saved
    labels       n: each row's cluster, 0 to k - 1, by falling size (of mixtures: proportion)
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
        sweep = self._needs_rows("at()").sweep
        k, ks = whole_number("k", k, 1), sweep.ks()
        if k not in ks:
            raise ValueError(f"k must be one that was tried, {ks[0]} to {ks[-1]}, found {k}")
        i = ks.index(k)
        point = sweep.curve.contents.points[i]
        centers = self.model.scaling.undo(sweep.centroids_at(i))
        return Clustering(k, sweep.labels_at(i, threads), centers, copy_array(point.sizes, k), point.inertia)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file that load() and `ockham predict` read."""
        self.model.save(path)

    def plot(self) -> Figure:
        """A matplotlib figure: the criterion that decided and the elbow over k, and the rows on two principal axes,
        coloured by cluster. A sample of the rows where there are more than 20,000."""
        from ockham._plot import plot

        sweep = self._needs_rows("plot()").sweep
        return plot(self, sweep.rows, sweep.weights)

    def report(self, path: str | os.PathLike[str], *, title: str | None = None) -> None:
        """Write the command's report: one HTML file that needs no other and no network, with charts that answer the
        pointer. title: what the data are called."""
        self._needs_rows("report()").report.write_page(path, self.labels, title)

    def _needs_rows(self, what: str) -> _Live:
        if self._live is None:
            raise RuntimeError(f"{what} needs the rows, which are not pickled: call clusters() again")
        if self._live.sweep.rows_have_changed():
            raise RuntimeError(f"{what} needs the rows as they were, but X has been changed since: call clusters() again")
        return self._live

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_live": None}

    def __copy__(self) -> Clusters:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Clusters:
        """The rows and the sweep, which nothing changes, are shared."""
        other = self.__copy__()
        other.__dict__.update({name: deepcopy(v, memo) for name, v in self.__dict__.items() if name != "_live"})
        return other


@dataclass
class _Live:
    """What needs the rows, and is not pickled."""

    sweep: Sweep
    report: Report


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
    silhouette: bool | str = True,
    mixtures: bool = False,
    all_criteria: bool = False,
    threads: int | None = None,
    progress: Progress = None,
) -> Clusters:
    """How many clusters are in X: every k is fitted, and the Bayesian information criterion over mixtures decides.

    X             n x d numbers: NumPy, pandas, polars, pyarrow, or anything with a buffer, Arrow or array interface.
                  Rows of float32 or float64 are read where they lie, also later by at(), plot() and report(), so they
                  must not be changed meanwhile; else they are copied once (`copied` says why)
    k_min, k_max  the range; by default from 1 to the root of n (10 to 60), and further while the best k is near
    criterion     what decides: a name of criteria(), "mixture" by default
    scale         "auto": standardise columns whose spreads differ by more than 10 to 1; "none", "standard", "robust"
    weights       n: how many rows each row stands for; counts, not importances: their sum is the number of rows
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
    command = spell_call(clusters, dict(locals()))  # before there are other locals
    _check(criterion, silhouette)
    rows = read_rows(X)
    row_weights = read_weights(weights, rows.n_rows)
    known = None if known_labels is None else KnownLabels(known_labels, rows.n_rows)
    options = _ffi.ockham_sweep_options(
        k_min=whole_number("k_min", k_min, 1),
        k_max=0 if k_max is None else whole_number("k_max", k_max, 1),
        seed=whole_number("seed", seed, 0, 2**64 - 1),
        restarts=0 if restarts is None else whole_number("restarts", restarts, 1),
        criterion=encode(criterion) if criterion else None,
        exact=silhouette == "exact",
        no_silhouette=not silhouette,
        threads=count_threads(threads),
        weights=point_to(row_weights),
        mixtures=mixtures,
        all_criteria=all_criteria,
    )
    with rows.explained():
        scaling = fit_scaling(rows, scale, row_weights)
        sweep = Sweep(scaling.apply(rows), row_weights, options, progress)
    report = Report(sweep, scaling, command, scaling_chosen=scale == "auto", seed=seed, all_criteria=all_criteria)
    labels = sweep.labels(threads)
    if known is not None:
        report.compare(labels, known)
    model = sweep.model(scaling, seed)
    model = replace(model, profile=fit_profile(rows, model, threads))
    return _read(sweep, model, labels, report, all_criteria)


def _check(criterion: str | None, silhouette: bool | str) -> None:
    if not isinstance(silhouette, (bool, np.bool_)) and silhouette != "exact":
        raise ValueError(f"silhouette must be True, False or 'exact', found {silhouette!r}")
    known = isinstance(criterion, str) and _ffi.ockham_criterion_find(encode(criterion))
    if criterion is not None and not known:
        raise ValueError(f"no criterion is named {criterion!r}; ockham.criteria() lists them")


def _read(sweep: Sweep, model: Model, labels: IntArray, report: Report, all_criteria: bool) -> Clusters:
    v = sweep.verdict
    shown = [c for c in table() if _ffi.ockham_report_shows(sweep.curve, ctypes.byref(c), all_criteria, v.criterion)]
    return Clusters(
        model=model,
        labels=labels,
        criteria=read_choices(sweep.curve, model.criterion, shown),
        curve=read_curve(sweep.curve, shown),
        why=report.text(tables=False).rstrip("\n"),
        confidence=sweep.confidence(),
        at_edge=v.at_edge,
        undecided=v.undecided,
        partial=v.partial,
        seconds=v.seconds,
        copied=sweep.rows.copied,
        _text=report.text(tables=True),
        _live=_Live(sweep, report),
    )

# SPDX-License-Identifier: Apache-2.0
"""A picture of a result with matplotlib."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import call, count_threads
from ockham._input import Rows
from ockham._structs import FloatArray, copy_array, point_to

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ockham._clusters import Clusters

#: Okabe and Ito's eight colours, which people with any kind of colour vision tell apart; shapes go on from there.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#000000")
_SHAPES = "osD^vP*X<>"


def plot(c: Clusters, rows: Rows, weights: FloatArray | None) -> Figure:
    import matplotlib
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(10, 4.8), layout="constrained")
    halves: Any = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    left, right = halves
    decides, elbow = left.subplots(2, 1, sharex=True)
    _draw_criterion(decides, c, c.criterion)
    _draw_elbow(elbow, c)
    elbow.set_xlabel("number of clusters k")
    elbow.xaxis.get_major_locator().set_params(integer=True)
    _draw_rows(right.subplots(), c, rows, weights)
    figure.suptitle(c.why.splitlines()[0])
    if "inline" in matplotlib.get_backend():
        plt.close(figure)  # a notebook shows the figure that is returned, and would show an open one once more
    return figure


def _mark(axes: Any, k: int | None, colour: str, title: str) -> None:
    axes.set_title(f"{title}: {'no k' if k is None else k}", loc="left", fontsize="medium")
    if k is not None:
        axes.axvline(k, color=colour, linewidth=1, linestyle="--")


def _draw_criterion(axes: Any, c: Clusters, name: str) -> None:
    choice = next(choice for choice in c.criteria.choices if choice.criterion.name == name)
    values = c.curve.get(name, c.curve["inertia"])
    values = np.where(np.isfinite(values), values, np.nan)  # where nothing was fitted the line has a gap
    axes.plot(c.curve["k"], values, color=COLOURS[0], marker=".", linewidth=1)
    _mark(axes, None if c.undecided else c.k, COLOURS[0], f"{choice.criterion.title} decides")


def _draw_elbow(axes: Any, c: Clusters) -> None:
    axes.plot(c.curve["k"], c.curve["inertia"], color=COLOURS[3], marker=".", linewidth=1)
    _mark(axes, c.criteria.get("elbow"), COLOURS[3], "the elbow of the inertia says")


def _draw_rows(axes: Any, c: Clusters, rows: Rows, weights: FloatArray | None) -> None:
    sample = _sample(rows.n_rows)
    principal = _PrincipalAxes(rows, weights)
    points, centers = principal.project(rows.array[sample]), principal.project(c.model.centroids)
    labels = c.labels[sample]
    for j in range(c.k):
        style = {"color": COLOURS[j % len(COLOURS)], "marker": _SHAPES[j // len(COLOURS) % len(_SHAPES)]}
        mine = points[labels == j]
        axes.scatter(mine[:, 0], mine[:, 1], s=9, linewidths=0, alpha=0.6, **style)
    for j, (x, y) in enumerate(centers):
        box = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": COLOURS[j % len(COLOURS)]}
        axes.annotate(str(j), (x, y), ha="center", va="center", fontsize="small", bbox=box)
    of = f", {len(sample):,} of {rows.n_rows:,} rows" if len(sample) < rows.n_rows else ""
    axes.set_title(f"the rows on two principal axes{of}", loc="left", fontsize="medium")
    axes.set_xlabel(f"first, {100 * principal.shares[0]:.0f} % of the variance")
    axes.set_ylabel(f"second, {100 * principal.shares[1]:.0f} %")


def _sample(n: int) -> npt.NDArray[np.intp]:
    if n <= _ffi.OCKHAM_PAGE_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, _ffi.OCKHAM_PAGE_ROWS, replace=False))


class _PrincipalAxes:
    """The two directions along which rows vary most, and their shares of the variance; of one column the second is
    none."""

    def __init__(self, rows: Rows, weights: FloatArray | None) -> None:
        d = rows.n_columns
        n_axes = min(2, d)
        axes = _ffi.ockham_principal_axes()
        arguments = rows.struct, point_to(weights), n_axes, count_threads(None), ctypes.byref(axes)
        try:
            call(_ffi.ockham_principal_axes_fit, *arguments)
            self.mean: FloatArray = copy_array(axes.mean, d)
            self.directions, self.shares = np.zeros((2, d)), np.zeros(2)
            self.directions[:n_axes] = copy_array(axes.directions, (n_axes, d))
            self.shares[:n_axes] = copy_array(axes.variances, n_axes) / (axes.total_variance or 1.0)
        finally:
            _ffi.ockham_principal_axes_clear(ctypes.byref(axes))

    def project(self, points: Any) -> FloatArray:
        """m x d points to m x 2."""
        return np.asarray((points - self.mean) @ self.directions.T)

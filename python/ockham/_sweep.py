# SPDX-License-Identifier: Apache-2.0
"""The library's sweep over k: the rows that it needs, and what is read from it."""

from __future__ import annotations

import ctypes
import weakref
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from ockham import _ffi
from ockham._calls import Progress, Watch, call, count_threads
from ockham._input import Rows
from ockham._mixture import Mixture
from ockham._model import Model, Scaling
from ockham._structs import FloatArray, IntArray, copy_array, point_to


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


class Sweep:
    """Every k fitted to rows in scaled units. Freed with this object."""

    def __init__(
        self, rows: Rows, weights: FloatArray | None, options: _ffi.ockham_sweep_options, progress: Progress
    ) -> None:
        self.rows = rows
        self.weights = weights
        self._sum = 0.0 if rows.copied else self._add_up()
        self.pointer = ctypes.POINTER(_ffi.ockham_sweep)()
        weakref.finalize(self, _ffi.ockham_sweep_free, self.pointer)
        with Watch(progress) as watch:
            options.progress = watch.pointer
            call(_ffi.ockham_sweep_run, rows.struct, ctypes.byref(options), ctypes.byref(self.pointer))
        self.verdict = _ffi.ockham_sweep_verdict(self.pointer)
        self.curve = _ffi.ockham_sweep_curve(self.pointer)

    def _add_up(self) -> float:
        return float(np.add.reduce(self.rows.array, axis=None, dtype=np.float64))

    def rows_have_changed(self) -> bool:
        """They are the caller's where they were not copied."""
        return not self.rows.copied and self._add_up() != self._sum

    def ks(self) -> list[int]:
        curve = self.curve.contents
        return [curve.points[i].k for i in range(curve.n_points)]

    def labels(self, threads: int | None) -> IntArray:
        """Of the verdict's clusters."""
        return self._label(_ffi.ockham_sweep_verdict_labels, threads)

    def labels_at(self, i: int, threads: int | None) -> IntArray:
        """Of the clusters of k-means at point i of the curve."""
        return self._label(_ffi.ockham_sweep_labels, threads, i)

    def _label(self, function: Callable[..., Any], threads: int | None, *which: int) -> IntArray:
        labels = np.empty(self.rows.n_rows, np.int32)
        call(function, self.pointer, self.rows.struct, *which, count_threads(threads), point_to(labels))
        return labels

    def centroids_at(self, i: int) -> FloatArray:
        point = self.curve.contents.points[i]
        return np.asarray(copy_array(point.centroids, (point.k, self.rows.n_columns)))

    def model(self, scaling: Scaling, seed: int) -> Model:
        v = self.verdict
        mixture = Mixture.of_struct(v.mixture.contents) if v.mixture else None
        return Model(
            column_names=self.rows.names(),
            scaling=scaling,
            centroids=mixture.means if mixture else self.centroids_at(v.point),
            sizes=copy_array(v.sizes, v.k),
            within=None if mixture else copy_array(v.within, v.k),
            weights=copy_array(v.weights, v.k),
            seed=seed,
            criterion=v.criterion.contents.name.decode(),
            mixture=mixture,
        )

    def confidence(self) -> Confidence:
        v, c = self.verdict, self.verdict.confidence
        counts = {k: _ffi.ockham_sweep_half_count(self.pointer, k) for k in self.ks()}
        return Confidence(
            weight=None if np.isnan(v.weight) else v.weight,
            halves={k: count for k, count in counts.items() if count},
            unclear=c.unclear,
            overlapping=(c.merge_a, c.merge_b) if c.overlap > 0 else None,
            overlap=c.overlap,
            split=c.split if c.has_split else None,
            bent_share=c.bent_share,
        )

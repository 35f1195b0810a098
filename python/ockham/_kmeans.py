# SPDX-License-Identifier: Apache-2.0
"""k-means for one k."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import Progress, Watch, call, count_threads
from ockham._input import Rows
from ockham._structs import FloatArray, IntArray, copy_array, point_to

PRECISIONS = {"auto": _ffi.OCKHAM_PRECISION_AUTO, "double": _ffi.OCKHAM_PRECISION_DOUBLE}


@dataclass(frozen=True, eq=False)
class KMeansFit:
    """k clusters by falling weight; k is less than asked where there are fewer distinct rows."""

    centroids: FloatArray
    labels: IntArray
    sizes: npt.NDArray[np.uint64]
    inertia: float
    n_iterations: int
    converged: bool


def fit_kmeans(
    rows: Rows,
    k: int,
    *,
    weights: FloatArray | None = None,
    seed: int = 0,
    restarts: int = 0,
    max_iterations: int = 0,
    precision: str = "auto",
    threads: int | None = None,
    progress: Progress = None,
) -> KMeansFit:
    labels = np.empty(rows.n_rows, np.int32)
    result = _ffi.ockham_kmeans()
    try:
        with Watch(progress) as watch:
            options = _ffi.ockham_kmeans_options(
                k=k,
                seed=seed,
                restarts=restarts,
                max_iterations=max_iterations,
                threads=count_threads(threads),
                progress=watch.pointer,
                precision=PRECISIONS[precision],
                weights=point_to(weights),
            )
            call(_ffi.ockham_kmeans_fit, rows.struct, ctypes.byref(options), point_to(labels), ctypes.byref(result))
        return KMeansFit(
            centroids=copy_array(result.centroids, (result.k, result.n_columns)),
            labels=labels,
            sizes=copy_array(result.sizes, result.k),
            inertia=result.inertia,
            n_iterations=result.n_iterations,
            converged=result.converged,
        )
    finally:
        _ffi.ockham_kmeans_clear(ctypes.byref(result))


def nearest(rows: Rows, centroids: FloatArray, threads: int | None = None) -> tuple[IntArray, FloatArray]:
    """Each row's nearest centroid, and the squared distance to it."""
    labels, squared = np.empty(rows.n_rows, np.int32), np.empty(rows.n_rows)
    arguments: list[Any] = [rows.struct, point_to(centroids), len(centroids), count_threads(threads)]
    call(_ffi.ockham_nearest, *arguments, point_to(labels), point_to(squared))
    return labels, squared

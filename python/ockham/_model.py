# SPDX-License-Identifier: Apache-2.0
"""A fitted model: what a clustering needs to label new rows, and the command's file of it."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import call, count_threads
from ockham._input import Rows, default_names, read_rows
from ockham._mixture import Mixture, Posterior
from ockham._profile import decoded, encode_profile
from ockham._structs import FloatArray, IntArray, copy_array, encode, file_name, point_to, strings

_KINDS = {"auto": _ffi.OCKHAM_SCALE_AUTO, "none": _ffi.OCKHAM_SCALE_NONE, "standard": _ffi.OCKHAM_SCALE_STANDARD}
_KINDS["robust"] = _ffi.OCKHAM_SCALE_ROBUST
_NAMES = {number: name for name, number in _KINDS.items()}


@dataclass(frozen=True, eq=False)
class Scaling:
    """x' = (x - centre) * factor, a column each.

    kind          "none", "standard" or "robust"
    spread_ratio  largest over smallest standard deviation of the columns that are not constant
    """

    kind: str
    centre: FloatArray | None
    factor: FloatArray | None
    spread_ratio: float

    @classmethod
    def of_struct(cls, s: _ffi.ockham_scaling) -> Scaling:
        d = s.n_columns
        return cls(_NAMES[s.kind], copy_array(s.centre, d), copy_array(s.factor, d), s.spread_ratio)

    def to_struct(self) -> _ffi.ockham_scaling:
        return _ffi.ockham_scaling(
            kind=_KINDS[self.kind],
            n_columns=0 if self.factor is None else len(self.factor),
            centre=point_to(self.centre),
            factor=point_to(self.factor),
            spread_ratio=self.spread_ratio,
        )

    def apply(self, rows: Rows) -> Rows:
        """Rows in scaled units; the same where nothing is scaled."""
        if self.kind == "none":
            return rows
        scaled = np.empty((rows.n_rows, rows.n_columns), rows.array.dtype)
        struct = self.to_struct()
        _ffi.ockham_scaling_apply(ctypes.byref(struct), rows.struct, scaled.ctypes.data)
        return Rows(scaled, rows.column_names, rows.copied or f"columns are scaled: {self.kind}")

    def undo(self, points: FloatArray) -> FloatArray:
        """Points in the data's own units."""
        return points if self.factor is None or self.centre is None else points / self.factor + self.centre


def fit_scaling(rows: Rows, kind: str, weights: FloatArray | None) -> Scaling:
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"scale must be one of {', '.join(_KINDS)}, found {kind!r}")
    if kind == "none":
        return Scaling("none", None, None, 1.0)
    struct = _ffi.ockham_scaling()
    call(_ffi.ockham_scaling_fit_weighted, rows.struct, point_to(weights), _KINDS[kind], ctypes.byref(struct))
    try:
        return Scaling.of_struct(struct)
    finally:
        _ffi.ockham_scaling_clear(ctypes.byref(struct))


@dataclass(frozen=True, repr=False, eq=False)
class Model:
    """k clusters of d columns. A row belongs to the nearest centroid, or with a mixture to its most probable component.

    sizes      k: rows of each cluster
    centroids  k x d, in scaled units (`centers` has the data's own)
    within     k: sums of squared distances to the centroid, in scaled units; None with a mixture
    weights    k: sums of the rows' weights; None where they had none
    criterion  what chose k
    profile    what its rows look like, as bytes: what `ockham drift` and `ockham serve` compare with; None: not known
    """

    column_names: list[str]
    scaling: Scaling
    centroids: FloatArray
    sizes: npt.NDArray[np.uint64]
    within: FloatArray | None
    weights: FloatArray | None
    seed: int
    criterion: str
    mixture: Mixture | None
    profile: bytes | None = field(default=None, repr=False)

    @property
    def k(self) -> int:
        return len(self.sizes)

    @property
    def n_columns(self) -> int:
        return len(self.column_names)

    @property
    def centers(self) -> FloatArray:
        """k x d, in the data's own units."""
        return self.scaling.undo(self.centroids)

    def __repr__(self) -> str:
        kind = "" if self.mixture is None else f", mixture of family {self.mixture.family}"
        return f"<ockham.Model: {self.k} cluster{'s' if self.k != 1 else ''} of {self.n_columns} columns{kind}>"

    # ---- new rows ----

    def predict(self, X: Any, *, threads: int | None = None) -> IntArray:
        """The cluster of each row, 0 to k - 1."""
        rows = self._read(X)
        labels = np.empty(rows.n_rows, np.int32)
        with _Handle(self) as handle, rows.explained():
            call(_ffi.ockham_model_predict, handle, rows.struct, count_threads(threads), point_to(labels), None)
        return labels

    def posterior(self, X: Any, *, threads: int | None = None) -> Posterior:
        """Of a mixture: labels, probabilities (n x k) and log-densities, these in the data's own units."""
        if self.mixture is None:
            raise ValueError("probabilities need a mixture, and these clusters are those of k-means")
        rows = self._read(X)
        n = rows.n_rows
        result = Posterior(np.empty(n, np.int32), np.empty((n, self.k)), np.empty(n))
        arrays = (point_to(a) for a in (result.labels, result.probabilities, result.log_densities))
        with _Handle(self) as handle, rows.explained():
            call(_ffi.ockham_model_posterior, handle, rows.struct, count_threads(threads), *arrays)
        if self.scaling.factor is not None:
            result.log_densities[:] += np.log(self.scaling.factor).sum()
        return result

    def predict_proba(self, X: Any, *, threads: int | None = None) -> FloatArray:
        """n x k: the posterior probability of each component; certain where there is one cluster."""
        if self.k == 1:
            return np.ones((len(self.predict(X, threads=threads)), 1))
        return self.posterior(X, threads=threads).probabilities

    def distances(self, X: Any) -> FloatArray:
        """n x k: Euclidean distances to the centroids, in scaled units."""
        rows = self._read(X)
        rows.check_finite()
        return distances_to(self.scaling.apply(rows), self.centroids)

    def _read(self, X: Any) -> Rows:
        """Columns are found by their names, where both the model and the data have some; else by their places."""
        rows = read_rows(X)
        has_names = self.column_names != default_names(self.n_columns)
        if has_names and rows.column_names is not None and rows.column_names != self.column_names:
            rows = rows.select(self.column_names)
        if rows.n_columns != self.n_columns:
            raise ValueError(f"the data must have the model's {self.n_columns} columns, found {rows.n_columns}")
        return rows

    # ---- files ----

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file that `ockham predict` reads, beside what was there, and put it in its place."""
        with _Handle(self) as handle:
            call(_ffi.ockham_model_save, handle, file_name(path))


def load(path: str | os.PathLike[str]) -> Model:
    """The model that save(), or the command, wrote."""
    name = file_name(path)
    with open(name, "rb"):
        pass  # says itself what is wrong with the file
    handle = ctypes.POINTER(_ffi.ockham_model)()
    call(_ffi.ockham_model_load, name, ctypes.byref(handle))
    try:
        return _of_parts(_ffi.ockham_model_look(handle).contents)
    finally:
        _ffi.ockham_model_free(handle)


def distances_to(rows: Rows, centroids: FloatArray) -> FloatArray:
    """n x k, without the cancellation of |x|^2 - 2 x'c + |c|^2."""
    distances = np.empty((rows.n_rows, len(centroids)))
    for j, centroid in enumerate(centroids):
        difference = rows.array - centroid
        distances[:, j] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances


def _of_parts(p: _ffi.ockham_model_parts) -> Model:
    k, d = p.k, p.n_columns
    mixture = Mixture.of_struct(p.mixture.contents) if p.mixture else None
    return Model(
        column_names=[p.column_names[j].decode(errors="replace") for j in range(d)],
        scaling=Scaling.of_struct(p.scaling),
        centroids=mixture.means if mixture else copy_array(p.centroids, (k, d)),
        sizes=copy_array(p.sizes, k),
        within=None if mixture else copy_array(p.within, k),
        weights=copy_array(p.weights, k),
        seed=p.seed,
        criterion=(p.criterion or b"").decode(),
        mixture=mixture,
        profile=encode_profile(p.profile),
    )


class _Handle:
    """The library's model, for a call."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.pointer = ctypes.POINTER(_ffi.ockham_model)()

    def __enter__(self) -> Any:
        m = self.model
        mixture = m.mixture.to_struct() if m.mixture else None
        parts = _ffi.ockham_model_parts(
            k=m.k,
            n_columns=m.n_columns,
            column_names=strings(m.column_names),
            scaling=m.scaling.to_struct(),
            centroids=point_to(m.centroids),
            sizes=point_to(m.sizes),
            within=point_to(m.within),
            n_rows=int(m.sizes.sum()),
            seed=m.seed,
            criterion=encode(m.criterion),
            weights=point_to(m.weights),
            mixture=ctypes.pointer(mixture) if mixture else None,
        )
        with decoded(m.profile) as parts.profile:
            call(_ffi.ockham_model_new, ctypes.byref(parts), ctypes.byref(self.pointer))
        return self.pointer

    def __exit__(self, *unused: object) -> None:
        _ffi.ockham_model_free(self.pointer)

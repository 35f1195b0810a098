# SPDX-License-Identifier: Apache-2.0
"""A mixture of Gaussians, or of distributions with heavier or lighter tails, as arrays and as the library's struct."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Any

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import Progress, Watch, call, count_threads
from ockham._input import Rows
from ockham._structs import FloatArray, IntArray, copy_array, point_to

#: mclust's names for what components share, in the library's order
FAMILIES: tuple[str, ...] = tuple(
    _ffi.ockham_covariance_name(f).decode() for f in range(_ffi.OCKHAM_N_COVARIANCES)
)


@dataclass(frozen=True, eq=False)
class Mixture:
    """k components in d columns, by falling proportion.

    family          one of FAMILIES
    covariances     k x d x d; of families along the axes (EII to VVI) k x d variances
    log_likelihood  of the rows it was fitted to, and bic, icl, aic: higher is better, as in mclust
    family_bic      of every family that was tried
    tail            1: Gaussian; heavier tails below, lighter ones above
    """

    family: str
    proportions: FloatArray
    means: FloatArray
    covariances: FloatArray
    log_likelihood: float
    n_parameters: float
    bic: float
    icl: float
    aic: float
    entropy: float
    tail: float
    n_steps: int
    converged: bool
    regularised: bool
    family_bic: dict[str, float]

    @property
    def k(self) -> int:
        return len(self.proportions)

    @property
    def n_columns(self) -> int:
        return int(self.means.shape[1])

    def matrices(self) -> FloatArray:
        """The covariances as k x d x d whatever the family."""
        if self.covariances.ndim == 3:
            return self.covariances
        return self.covariances[:, :, None] * np.eye(self.n_columns)

    @classmethod
    def of_struct(cls, m: _ffi.ockham_mixture) -> Mixture:
        k, d = m.k, m.n_columns
        size = _ffi.ockham_covariance_size(m.family, d)
        shape = (k, d) if m.family <= _ffi.OCKHAM_VVI else (k, d, d)
        bic = {name: value for name, value in zip(FAMILIES, m.family_bic) if not np.isnan(value)}
        return cls(
            family=FAMILIES[m.family],
            proportions=copy_array(m.proportions, k),
            means=copy_array(m.means, (k, d)),
            covariances=copy_array(m.covariances, k * size).reshape(shape),
            log_likelihood=m.log_likelihood,
            n_parameters=m.n_parameters,
            bic=m.bic,
            icl=m.icl,
            aic=m.aic,
            entropy=m.entropy,
            tail=m.tail,
            n_steps=m.n_steps,
            converged=m.converged,
            regularised=m.regularised,
            family_bic=bic,
        )

    def to_struct(self) -> _ffi.ockham_mixture:
        return _ffi.ockham_mixture(
            family=FAMILIES.index(self.family),
            k=self.k,
            n_columns=self.n_columns,
            proportions=point_to(self.proportions),
            means=point_to(self.means),
            covariances=point_to(self.covariances),
            log_likelihood=self.log_likelihood,
            n_parameters=self.n_parameters,
            bic=self.bic,
            icl=self.icl,
            aic=self.aic,
            family_bic=(ctypes.c_double * len(FAMILIES))(*(self.family_bic.get(f, np.nan) for f in FAMILIES)),
            entropy=self.entropy,
            tail=self.tail,
            n_steps=self.n_steps,
            converged=self.converged,
            regularised=self.regularised,
        )


def fit_mixture(
    rows: Rows,
    k: int,
    *,
    families: str | None = None,
    tails: bool = False,
    weights: FloatArray | None = None,
    start: FloatArray | None = None,
    seed: int = 0,
    restarts: int = 0,
    max_steps: int = 0,
    tolerance: float = 0.0,
    threads: int | None = None,
    progress: Progress = None,
) -> tuple[Mixture, IntArray]:
    """The mixture, and each row's most probable component."""
    labels = np.empty(rows.n_rows, np.int32)
    result = _ffi.ockham_mixture()
    try:
        with Watch(progress) as watch:
            options = _ffi.ockham_mixture_options(
                k=k,
                families=families.encode() if families else None,
                seed=seed,
                restarts=restarts,
                max_steps=max_steps,
                tolerance=tolerance,
                start=point_to(start),
                threads=count_threads(threads),
                progress=watch.pointer,
                weights=point_to(weights),
                tails=tails,
            )
            call(_ffi.ockham_mixture_fit, rows.struct, ctypes.byref(options), point_to(labels), ctypes.byref(result))
        return Mixture.of_struct(result), labels
    finally:
        _ffi.ockham_mixture_clear(ctypes.byref(result))


@dataclass(frozen=True, eq=False)
class Posterior:
    """What a mixture says of rows."""

    labels: IntArray
    probabilities: FloatArray
    log_densities: FloatArray


def posterior(mixture: Mixture, rows: Rows, threads: int | None = None) -> Posterior:
    n = rows.n_rows
    result = Posterior(np.empty(n, np.int32), np.empty((n, mixture.k)), np.empty(n))
    struct: Any = mixture.to_struct()
    call(
        _ffi.ockham_mixture_predict,
        ctypes.byref(struct),
        rows.struct,
        count_threads(threads),
        point_to(result.labels),
        point_to(result.probabilities),
        point_to(result.log_densities),
    )
    return result


def draw(mixture: Mixture, n: int, random: np.random.RandomState) -> tuple[FloatArray, IntArray]:
    """n rows and the component of each, in the order of the components.

    Radius and direction are independent: m = r^2 with m^tail / 2 a gamma variate of shape d / (2 tail), scaled so that
    the covariance is the mixture's (Gomez, Gomez-Villegas & Marin, Communications in Statistics 27, 1998).
    """
    d, tail = mixture.n_columns, mixture.tail
    sizes = random.multinomial(n, mixture.proportions)
    labels: npt.NDArray[np.int32] = np.repeat(np.arange(mixture.k, dtype=np.int32), sizes)
    z = random.standard_normal((n, d))
    if tail != 1:
        m = (2 * random.gamma(d / (2 * tail), 1.0, n)) ** (1 / tail)
        z *= np.sqrt(m / np.einsum("ij,ij->i", z, z) * (d / _mean_square(d, tail)))[:, None]
    rows = np.empty((n, d))
    for j, covariance in enumerate(mixture.covariances):
        mine = labels == j
        factor = np.linalg.cholesky(covariance) if covariance.ndim == 2 else np.sqrt(covariance)
        rows[mine] = mixture.means[j] + (z[mine] @ factor.T if covariance.ndim == 2 else z[mine] * factor)
    return rows, labels


def _mean_square(d: int, tail: float) -> float:
    """The mean of m."""
    return exp(log(2) / tail + lgamma((d + 2) / (2 * tail)) - lgamma(d / (2 * tail)))

# SPDX-License-Identifier: Apache-2.0
"""Data that tests share."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KNOWN_K = ROOT.parent / "shared/data/known-k"


def make_blobs(k: int, rows_each: int = 100, columns: int = 2, seed: int = 0) -> npt.NDArray[np.float64]:
    """k round clusters on a circle, far apart."""
    random = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(k) / k
    centers = np.zeros((k, columns))
    centers[:, :2] = k * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.concatenate([random.normal(center, 0.4, (rows_each, columns)) for center in centers])


def read_known(name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """A data set with known labels, its last column; skips where the shared folder is absent."""
    path = KNOWN_K / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"there is no {path.name}: the data sets with known labels are not here")
    table = np.genfromtxt(path, delimiter=",", skip_header=1, dtype=str)
    return table[:, :-1].astype(float), table[:, -1]


@pytest.fixture
def blobs() -> npt.NDArray[np.float64]:
    return make_blobs(4)

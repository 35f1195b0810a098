# SPDX-License-Identifier: Apache-2.0
"""The reference profile in a model: what its rows look like, to notice drift by. Here it is the bytes of a file's."""

from __future__ import annotations

import contextlib
import ctypes
from typing import TYPE_CHECKING, Any, Iterator

from ockham import _ffi
from ockham._calls import call, count_threads
from ockham._input import Rows
from ockham._structs import encode, point_to

if TYPE_CHECKING:
    from ockham._model import Model

_FEWEST_ROWS, _MOST_CLUSTERS = 20, 258


def fit_profile(rows: Rows, model: Model, threads: int | None) -> bytes | None:
    """Of the rows that the model was made from, in their own units; None where the library makes none."""
    if model.weights is not None or rows.n_rows < _FEWEST_ROWS or model.k > _MOST_CLUSTERS:
        return None
    columns = (_ffi.ockham_profile_column * rows.n_columns)(
        *(_ffi.ockham_profile_column(name=encode(name)) for name in model.column_names)
    )
    options = _ffi.ockham_profile_options(
        columns=columns,
        k=model.k,
        centroids=point_to(model.centroids),
        centre=point_to(model.scaling.centre),
        factor=point_to(model.scaling.factor),
        seed=model.seed,
        threads=count_threads(threads),
    )
    handle = ctypes.POINTER(_ffi.ockham_profile)()
    call(_ffi.ockham_profile_fit, rows.struct, ctypes.byref(options), ctypes.byref(handle))
    try:
        return encode_profile(handle)
    finally:
        _ffi.ockham_profile_free(handle)


def encode_profile(handle: Any) -> bytes | None:
    """None for NULL."""
    if not handle:
        return None
    found, size = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_size_t()
    call(_ffi.ockham_profile_encode, handle, ctypes.byref(found), ctypes.byref(size))
    try:
        return ctypes.string_at(found, size.value)
    finally:
        _ffi.ockham_bytes_free(found)


@contextlib.contextmanager
def decoded(profile: bytes | None) -> Iterator[Any]:
    """The library's profile, for a call; NULL for None."""
    handle = ctypes.POINTER(_ffi.ockham_profile)()
    if profile is not None:
        buffer = (ctypes.c_ubyte * len(profile)).from_buffer_copy(profile)
        call(_ffi.ockham_profile_decode, buffer, len(profile), b"the profile", ctypes.byref(handle))
    try:
        yield handle
    finally:
        _ffi.ockham_profile_free(handle)

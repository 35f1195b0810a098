# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays out of the library's structs, and into them."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

#: the library's size_t(-1): "none"
NONE = ctypes.c_size_t(-1).value

_CTYPES: dict[Any, Any] = {
    np.dtype(np.float64): ctypes.c_double,
    np.dtype(np.uint32): ctypes.c_uint32,
    np.dtype(np.int32): ctypes.c_uint32,
    np.dtype(np.uint64): ctypes.c_uint64,
}


def copy_array(pointer: Any, shape: int | tuple[int, ...]) -> Any:
    """A copy of what the library owns; None for NULL."""
    if not pointer:
        return None
    return np.ctypeslib.as_array(pointer, shape if isinstance(shape, tuple) else (shape,)).copy()


def point_to(array: npt.NDArray[Any] | None) -> Any:
    """For an argument or a field, which then keeps the array alive. NULL for None."""
    if array is None:
        return None
    assert array.flags.c_contiguous
    pointer = (_CTYPES[array.dtype] * 1).from_address(array.ctypes.data)
    pointer.array = array
    return pointer


def strings(texts: Sequence[str]) -> Any:
    """An array of C strings; it keeps their bytes."""
    return (ctypes.c_char_p * max(len(texts), 1))(*(encode(text) for text in texts))


def encode(text: str) -> bytes:
    """As the library takes texts: it would end them at a NUL."""
    return text.replace("\0", "\ufffd").encode(errors="replace")


def file_name(path: str | os.PathLike[str]) -> bytes:
    """As the library takes names of files, to which "-" is no standard output. Says what is wrong with the folder."""
    name = os.fsencode(path)
    if b"\0" in name:
        raise ValueError("embedded null byte in the path")
    os.stat(os.path.dirname(os.fspath(path)) or ".")  # as it was given: the error shows it
    return b"./-" if name == b"-" else name

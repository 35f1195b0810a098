# SPDX-License-Identifier: Apache-2.0
"""Tables of pyarrow, polars, DuckDB and others through the Arrow C data and C stream interfaces, without any of them.

Source: Apache Arrow, "The Arrow C data interface" and "The Arrow PyCapsule interface".
"""

from __future__ import annotations

import ctypes
from typing import Any, Iterator

import numpy as np
import numpy.typing as npt


class _Schema(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]


class _Array(ctypes.Structure):
    pass


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]


class _Stream(ctypes.Structure):
    pass


_Stream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]

_NUMBERS = {
    "c": np.int8,
    "C": np.uint8,
    "s": np.int16,
    "S": np.uint16,
    "i": np.int32,
    "I": np.uint32,
    "l": np.int64,
    "L": np.uint64,
    "e": np.float16,
    "f": np.float32,
    "g": np.float64,
}
_BITS = "b"

_OTHERS = {"n": "null", "u": "text", "U": "text", "vu": "text", "z": "bytes", "Z": "bytes", "vz": "bytes"}
_OTHERS |= {"d": "decimal", "td": "date", "tt": "time", "ts": "timestamp", "tD": "duration", "ti": "interval"}
_OTHERS |= {"+": "nested"}


def _name(format: str) -> str:
    """Of a type that is not a number."""
    for length in (2, 1):
        if format[:length] in _OTHERS:
            return _OTHERS[format[:length]]
    return format


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class _Owner:
    """Calls an Arrow struct's release once nothing needs it any more."""

    def __init__(self, struct: Any) -> None:
        self.struct = struct

    def __del__(self) -> None:
        if self.struct.release:
            self.struct.release(ctypes.byref(self.struct))


def has_arrow(data: object) -> bool:
    return hasattr(data, "__arrow_c_stream__")


class ArrowTable:
    """The columns of a table as the stream gives them: in one batch or several."""

    def __init__(self, data: Any) -> None:
        capsule = data.__arrow_c_stream__()  # owns the stream, and releases it
        self._stream = _Stream.from_address(_capsule_pointer(capsule, b"arrow_array_stream"))
        self._capsule = capsule
        self._schema = _Owner(_Schema())
        self._check(self._stream.get_schema(ctypes.byref(self._stream), ctypes.byref(self._schema.struct)))
        schema = self._schema.struct
        #: whether it is columns with names, rather than one array
        self.is_table = schema.format == b"+s"
        fields = [schema.children[j].contents for j in range(schema.n_children)] if self.is_table else [schema]
        self.names = [(f.name or b"").decode(errors="replace") for f in fields]
        self.formats = [f.format.decode() for f in fields]
        self._items = [f.children[0].contents.format.decode() if f.n_children == 1 else "" for f in fields]
        self._encoded = [bool(f.dictionary) for f in fields]

    def _check(self, code: int) -> None:
        if code:
            reason = self._stream.get_last_error(ctypes.byref(self._stream)) or b"no reason given"
            raise ValueError(f"the Arrow stream failed: {reason.decode(errors='replace')}")

    def _batches(self) -> Iterator[_Owner]:
        while True:
            owner = _Owner(_Array())
            self._check(self._stream.get_next(ctypes.byref(self._stream), ctypes.byref(owner.struct)))
            if not owner.struct.release:
                return
            yield owner

    def _widths(self) -> list[int]:
        """How many numbers a row of each column has: fixed-size lists have more than one, text has none."""
        widths = []
        for format, item, encoded in zip(self.formats, self._items, self._encoded):
            if format.startswith("+w:") and item in _NUMBERS:
                widths.append(int(format[3:]))
            else:
                widths.append(1 if (format in _NUMBERS or format == _BITS) and not encoded else 0)
        return widths

    def not_numbers(self) -> list[tuple[str, str]]:
        """Columns with their types."""
        kinds = ["dictionary" if encoded else _name(f) for f, encoded in zip(self.formats, self._encoded)]
        return [(name, kind) for name, kind, width in zip(self.names, kinds, self._widths()) if width == 0]

    def column_names(self) -> list[str]:
        names: list[str] = []
        for name, width in zip(self.names, self._widths()):
            names += [name] if width == 1 else [f"{name}[{i}]" for i in range(width)]
        return names

    def read(self) -> tuple[npt.NDArray[Any], str]:
        """Rows in C order, float32 where every column is, and why they had to be copied: "" where they were not.

        Missing cells become NaN.
        """
        batches = list(self._batches())
        widths = self._widths()
        kinds = [item if format.startswith("+w:") else format for format, item in zip(self.formats, self._items)]
        if len(batches) == 1 and len(widths) == 1:
            view = self._view(batches[0], widths[0], kinds[0])
            if view is not None:
                return view, ""
        n_rows = sum(batch.struct.length for batch in batches)
        dtype = np.float32 if all(kind in "fe" for kind in kinds) else np.float64
        rows = np.empty((n_rows, sum(widths)), dtype)
        row = 0
        for batch in batches:
            n, column = batch.struct.length, 0
            for (array, first), width, kind in zip(self._columns(batch.struct), widths, kinds):
                cells = rows[row : row + n, column : column + width]
                cells[:] = _values(array, first, n, width, kind)
                _put_missing(cells, array, first)
                column += width
            if self.is_table:  # a row may be null as a whole
                rows[row : row + n][_missing(batch.struct, 0, n)] = np.nan
            row += n
        return rows, "Arrow keeps each column apart" if len(widths) > 1 else "Arrow batches, or another type"

    def _columns(self, batch: _Array) -> list[tuple[_Array, int]]:
        """Each with the place in it where the batch begins, beside its own offset."""
        if not self.is_table:
            return [(batch, 0)]
        return [(batch.children[j].contents, batch.offset) for j in range(batch.n_children)]

    def _view(self, owner: _Owner, width: int, kind: str) -> npt.NDArray[Any] | None:
        """The one column of a batch where it lies, if it is rows of floats without missing cells."""
        ((array, first),) = self._columns(owner.struct)
        n = owner.struct.length
        missing = _missing_cells(array, first, n, width).any() or _missing(owner.struct, 0, n).any()
        if kind not in "fg" or n == 0 or missing:
            return None
        return _values(array, first, n, width, kind, owner)


def _buffer(address: int | None, n_bytes: int, owner: _Owner | None = None) -> npt.NDArray[np.uint8]:
    """Bytes where they lie; whatever is made of them keeps their owner."""
    if not address or n_bytes == 0:
        return np.zeros(n_bytes, np.uint8)
    memory: Any = (ctypes.c_uint8 * n_bytes).from_address(address)
    memory.owner = owner
    return np.frombuffer(memory, np.uint8)


def _bits(address: int | None, first: int, n: int) -> npt.NDArray[np.bool_]:
    bits = np.unpackbits(_buffer(address, (first + n + 7) // 8), bitorder="little")
    return bits[first : first + n].astype(bool)


def _missing(array: _Array, first: int, n: int) -> npt.NDArray[np.bool_]:
    """Which of n cells are null."""
    if array.null_count == 0 or not array.buffers[0]:
        return np.zeros(n, bool)
    return ~_bits(array.buffers[0], array.offset + first, n)


def _missing_cells(array: _Array, first: int, n: int, width: int) -> npt.NDArray[np.bool_]:
    """The same, n x width: a list may be null, or an item of it."""
    missing = np.repeat(_missing(array, first, n), width).reshape(n, width)
    if array.n_children:
        items = _missing(array.children[0].contents, (array.offset + first) * width, n * width)
        missing |= items.reshape(n, width)
    return missing


def _values(
    array: _Array, first: int, n: int, width: int, kind: str, owner: _Owner | None = None
) -> npt.NDArray[Any]:
    """n x width, a view where the cells are bytes."""
    start = (array.offset + first) * width
    if array.n_children:  # a fixed-size list: the numbers are in its child
        array = array.children[0].contents
        start += array.offset
    if kind == _BITS:
        return _bits(array.buffers[1], start, n * width).reshape(n, width)
    dtype = np.dtype(_NUMBERS[kind])
    buffer = _buffer(array.buffers[1], (start + n * width) * dtype.itemsize, owner)
    return buffer.view(dtype)[start:].reshape(n, width)


def _put_missing(cells: npt.NDArray[Any], array: _Array, first: int) -> None:
    n, width = cells.shape
    cells[_missing_cells(array, first, n, width)] = np.nan

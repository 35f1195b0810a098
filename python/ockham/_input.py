# SPDX-License-Identifier: Apache-2.0
"""Whatever holds a table of numbers as rows that the library can read, without a copy where its memory allows."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._arrow import ArrowTable, has_arrow
from ockham._calls import DataError
from ockham._structs import FloatArray

_DTYPES = {np.dtype(np.float64): _ffi.OCKHAM_FLOAT64, np.dtype(np.float32): _ffi.OCKHAM_FLOAT32}


class Rows:
    """Rows in memory that the library can read.

    array         n x d, float32 or float64, each row's numbers side by side
    column_names  d; None where the data has none
    copied        why the numbers had to be copied; "" where they are read where they lie
    """

    def __init__(self, array: npt.NDArray[Any], column_names: list[str] | None = None, copied: str = "") -> None:
        self.array, reason = _readable(array)
        self.column_names = column_names
        self.copied = copied or reason

    @property
    def n_rows(self) -> int:
        return int(self.array.shape[0])

    @property
    def n_columns(self) -> int:
        return int(self.array.shape[1])

    def names(self) -> list[str]:
        return self.column_names or default_names(self.n_columns)

    def select(self, names: list[str]) -> Rows:
        """The columns of these names, in this order."""
        own = self.column_names or []
        for name in names:
            if own.count(name) != 1:
                found = ", ".join(repr(n) for n in own[:10]) + (", …" if len(own) > 10 else "")
                raise ValueError(f"the data must have one column {name!r}; it has {found}")
        return Rows(self.array[:, [own.index(name) for name in names]], list(names), "columns in another order")

    @property
    def struct(self) -> _ffi.ockham_rows:
        stride = self.array.strides[0] // self.array.itemsize if self.n_rows > 1 else self.n_columns
        return _ffi.ockham_rows(
            data=self.array.ctypes.data,
            n_rows=self.n_rows,
            n_columns=self.n_columns,
            stride=stride,
            dtype=_DTYPES[self.array.dtype],
        )

    def check_finite(self) -> None:
        """For what the library does not check."""
        if not np.isfinite(self.array).all():
            row, column = np.argwhere(~np.isfinite(self.array))[0]
            raise self._not_finite(int(row), int(column))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What is wrong with a number is raised in scikit-learn's words and with its place; other errors as they are."""
        try:
            yield
        except DataError as error:
            if error.row is None or error.column is None or np.isfinite(self.array[error.row, error.column]):
                raise
            raise self._not_finite(error.row, error.column) from None

    def _not_finite(self, row: int, column: int) -> DataError:
        is_nan = np.isnan(self.array[row, column])
        what = "NaN" if is_nan else f"infinity or a value too large for {self.array.dtype}"
        name = f", column {self.column_names[column]!r}" if self.column_names else ""
        return DataError(f"Input X contains {what}: X[{row}, {column}]{name}", row, column)


def _readable(array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str]:
    """The same numbers as the library can read them, and why they had to be copied."""
    if array.dtype.newbyteorder("=") not in _DTYPES:
        wanted = np.float32 if array.dtype == np.float16 else np.float64
        return np.ascontiguousarray(array, wanted), f"{array.dtype} became {np.dtype(wanted)}"
    if not array.dtype.isnative or not array.flags.aligned:
        return np.ascontiguousarray(array, array.dtype.newbyteorder("=")), "byte order or alignment"
    n, d = array.shape
    across, along = array.strides
    rows_apart = n <= 1 or (across >= d * array.itemsize and across % array.itemsize == 0)
    if not rows_apart or (d > 1 and along != array.itemsize):
        return np.ascontiguousarray(array), "a row's numbers do not lie side by side"
    return array, ""


def default_names(n_columns: int) -> list[str]:
    return [f"x{j + 1}" for j in range(n_columns)]


def is_frame(data: Any) -> bool:
    """Whether it has columns with names, of pandas or through Arrow's interface."""
    return _is_of(data, "pandas", "DataFrame", "Series") or (has_arrow(data) and not _has_dimensions(data))


def _has_dimensions(data: Any) -> bool:
    """Whether it is an array, such as one of xarray, whose Arrow stream would be one long column."""
    return hasattr(data, "__array__") and getattr(data, "ndim", 1) > 1 and not hasattr(data, "columns")


def _is_of(data: Any, module: str, *names: str) -> bool:
    """Whether it is of such a class, without importing the module."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(data, tuple(getattr(loaded, name) for name in names))


def read_rows(data: Any) -> Rows:
    """Rows of whatever holds a table of numbers; one dimension is one column."""
    if isinstance(data, Rows):
        return data
    if hasattr(data, "tocsr"):
        raise TypeError("sparse data is not supported: X.toarray() makes it dense")
    if _is_of(data, "pandas", "DataFrame", "Series"):
        rows = _of_pandas(data)
    elif is_frame(data):
        rows = _of_arrow(data)
    else:
        rows = _of_array(data)
    if rows.n_rows == 0 or rows.n_columns == 0:
        raise DataError(f"Found array with {rows.n_rows} row(s) and {rows.n_columns} column(s), expected at least one of each")
    return rows


def _of_array(data: Any) -> Rows:
    if np.ma.isMaskedArray(data):
        data = np.ma.filled(data.astype(np.float64), np.nan)
    array = np.asarray(data)
    if array.ndim == 0:
        hint = ": collect() it first" if hasattr(data, "collect") else ""
        raise DataError(f"Expected a table of numbers, found a {type(data).__name__}{hint}")
    table = _two_dimensions(array)
    made = table.dtype != array.dtype or (array.base is None and not isinstance(data, np.ndarray))
    return Rows(table, None, f"a {type(data).__name__} of {array.dtype} became an array" if made else "")


def _two_dimensions(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2:
        raise DataError(f"Expected a table of two dimensions, found {array.ndim}")
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind != "O":
        raise DataError(f"Expected numbers, found {array.dtype}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Expected numbers: {error}") from None


def _complain_of_text(columns: Sequence[tuple[str, str]]) -> None:
    """Of columns with their types."""
    if columns:
        listed = ", ".join(f"{name!r} ({kind})" for name, kind in columns[:10]) + (", …" if len(columns) > 10 else "")
        plural = "s" if len(columns) > 1 else ""
        raise DataError(f"Expected numbers, found other values in column{plural} {listed}: leave out or cast to float64")


def _of_pandas(data: Any) -> Rows:
    frame = data.to_frame() if hasattr(data, "to_frame") and data.ndim == 1 else data
    names = [str(name) for name in frame.columns]
    _complain_of_text([(name, str(dtype)) for name, dtype in zip(names, frame.dtypes) if dtype.kind not in "biuf"])
    if _is_by_rows(frame):
        return Rows(frame.to_numpy(), names)
    array = np.empty(frame.shape, np.float32 if set(frame.dtypes) == {np.dtype(np.float32)} else np.float64)
    for j in range(frame.shape[1]):
        array[:, j] = frame.iloc[:, j].to_numpy(dtype=array.dtype, na_value=np.nan)
    return Rows(array, names, "pandas keeps each column apart")


def _is_by_rows(frame: Any) -> bool:
    """Whether the frame is a view of one table of floats by rows, which then need not be copied."""
    if frame.shape[1] == 0 or len(set(frame.dtypes)) != 1 or frame.dtypes.iloc[0] not in _DTYPES:
        return False
    first = frame.iloc[:, 0].to_numpy()
    return bool(frame.shape[0] > 1 and first.strides[0] >= frame.shape[1] * first.itemsize)


def _of_arrow(data: Any) -> Rows:
    table = ArrowTable(data)
    _complain_of_text(table.not_numbers())
    array, copied = table.read()
    return Rows(array, table.column_names() if table.is_table else None, copied)


def read_weights(weights: Any, n_rows: int) -> FloatArray | None:
    if weights is None:
        return None
    array = np.asarray(weights, np.float64)
    array = np.full(n_rows, array) if array.ndim == 0 else np.ascontiguousarray(array)
    if array.shape != (n_rows,):
        raise ValueError(f"weights must be {n_rows} numbers, one a row, found the shape {array.shape}")
    if not array.any():
        raise ValueError("the weights are zero for all rows: expected some that are more")
    return array

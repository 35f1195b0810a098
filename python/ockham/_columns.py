# SPDX-License-Identifier: Apache-2.0
"""Tables that may hold texts and missing cells, a column at a time."""

from __future__ import annotations

import datetime
import sys
from dataclasses import dataclass
from typing import Any, Iterable, Sequence

import numpy as np

from ockham._input import _is_of, read_rows
from ockham._structs import FloatArray


@dataclass(frozen=True)
class Column:
    """numbers, with NaN where they are missing; or texts, with None, which may be those of times."""

    name: str
    numbers: FloatArray | None
    texts: list[str | None] | None
    is_time: bool = False

    def as_texts(self) -> list[str | None]:
        """Numbers as a file would hold them: 3 rather than 3.0."""
        if self.texts is not None:
            return self.texts
        assert self.numbers is not None
        return [None if np.isnan(x) else str(int(x)) if float(x).is_integer() else repr(float(x)) for x in self.numbers]


@dataclass(frozen=True)
class Columns:
    """named: whether the data gave the names, which are x1, x2, ... otherwise."""

    columns: list[Column]
    n_rows: int
    named: bool


def read_columns(data: Any) -> Columns:
    if isinstance(data, Columns):
        return data
    if _is_of(data, "pandas", "DataFrame"):
        columns = [_of_pandas(str(name), data.iloc[:, j]) for j, name in enumerate(data.columns)]
    elif _is_of(data, "polars", "DataFrame"):
        columns = [_of_polars(series) for series in data.get_columns()]
    elif _is_of(data, "pyarrow", "Table", "RecordBatch"):
        columns = [_of_values(name, data.column(j).to_pylist()) for j, name in enumerate(data.schema.names)]
    else:
        rows = read_rows(data)
        array = np.asarray(rows.array, np.float64)
        columns = [Column(name, array[:, j], None) for j, name in enumerate(rows.names())]
        return Columns(columns, rows.n_rows, rows.column_names is not None)
    return Columns(columns, len(data) if hasattr(data, "__len__") else data.num_rows, True)


def _of_pandas(name: str, series: Any) -> Column:
    if series.dtype.kind in "biuf":
        return Column(name, series.to_numpy(dtype=np.float64, na_value=np.nan), None)
    missing = series.isna().to_numpy()
    return _of_values(name, [None if gone else value for value, gone in zip(series.astype(object), missing)])


def _of_polars(series: Any) -> Column:
    polars: Any = sys.modules["polars"]
    if series.dtype.is_numeric() or series.dtype == polars.Boolean:
        return Column(series.name, series.cast(polars.Float64).to_numpy(), None)
    return _of_values(series.name, series.to_list())


def _of_values(name: str, values: Sequence[Any]) -> Column:
    if all(value is None or isinstance(value, (int, float, np.number)) for value in values):
        return Column(name, np.array([np.nan if value is None else float(value) for value in values]), None)
    is_time = all(value is None or isinstance(value, datetime.date) for value in values)
    return Column(name, None, [None if value is None else str(value) for value in values], is_time)


def number_texts(texts: Iterable[str | None], known: dict[str, int], unknown: int | None = None) -> FloatArray:
    """Each text's number; those that are not known get `unknown`, or become known where that is None."""
    numbers = []
    for text in texts:
        if text is None:
            numbers.append(np.nan)
        elif unknown is None:
            numbers.append(known.setdefault(text, len(known)))
        else:
            numbers.append(known.get(text, unknown))
    return np.array(numbers, np.float64)

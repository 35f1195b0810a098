# SPDX-License-Identifier: Apache-2.0
"""What the library writes of a sweep: the command's text, its sentences alone, and a page of charts."""

from __future__ import annotations

import ctypes
import inspect
import os
from typing import Any, Callable

import numpy as np

from ockham import _ffi
from ockham._calls import call
from ockham._model import Scaling
from ockham._structs import IntArray, encode, file_name, point_to, strings
from ockham._sweep import Sweep


class KnownLabels:
    """One a row, of any kind, as numbers and the texts that these stand for."""

    def __init__(self, labels: Any, n_rows: int) -> None:
        array = np.asarray(labels)
        if array.dtype == object:  # whose values may be of several kinds, and missing
            array = np.array([str(value) for value in array.ravel()]).reshape(array.shape)
        values, numbers = np.unique(array, return_inverse=True)
        if numbers.shape != (n_rows,):
            raise ValueError(f"known_labels must be {n_rows} labels, one a row, found the shape {numbers.shape}")
        self.numbers = numbers.astype(np.uint32)
        self.texts = [str(value) for value in values]


class Report:
    """Keeps the sweep alive, and whatever the report is to tell of besides."""

    def __init__(self, sweep: Sweep, scaling: Scaling, command: str, **options: Any) -> None:
        self._sweep = sweep
        self._scaling = scaling
        self._command = command
        self._scaling_struct = scaling.to_struct()
        self._options = _ffi.ockham_report_options(scaling=ctypes.pointer(self._scaling_struct), **options)
        self._known: KnownLabels | None = None

    def compare(self, labels: IntArray, known: KnownLabels) -> None:
        """Also tell how the labels agree with known ones."""
        agreement = _ffi.ockham_agreement()
        arrays = point_to(labels), point_to(known.numbers)
        call(_ffi.ockham_agreement_measure, *arrays, len(labels), ctypes.byref(agreement))
        self._known = known
        self._options.agreement = ctypes.pointer(agreement)
        self._options.n_label_values = len(known.texts)

    def text(self, tables: bool) -> str:
        options = _ffi.ockham_report_options.from_buffer_copy(self._options)
        options.no_tables = not tables
        return _take_text(_ffi.ockham_report_sweep, self._sweep.pointer, ctypes.byref(options)).decode()

    def write_page(self, path: str | os.PathLike[str], labels: IntArray, title: str | None) -> None:
        """A file, written beside what was there and put in its place."""
        name = file_name(path)
        call(_ffi.ockham_report_check_page)
        rows = self._sweep.rows
        numbers = np.arange(rows.n_rows, dtype=np.uint64)
        options = _ffi.ockham_page_options(
            report=self._options,
            column_names=strings(rows.names()),
            source=encode(title) if title else None,
            command=encode(self._command),
            weights=point_to(self._sweep.weights),
            known_labels=point_to(self._known.numbers) if self._known else None,
            known_label_texts=strings(self._known.texts) if self._known else None,
            row_numbers=point_to(numbers),
        )
        arguments = self._sweep.pointer, rows.struct, point_to(labels), ctypes.byref(options)
        html = _take_text(_ffi.ockham_report_page, *arguments)
        call(_ffi.ockham_text_write, html, name)


def _take_text(function: Callable[..., Any], *arguments: Any) -> bytes:
    text = ctypes.POINTER(ctypes.c_char)()
    call(function, *arguments, ctypes.byref(text))
    try:
        return ctypes.cast(text, ctypes.c_char_p).value or b""
    finally:
        _ffi.ockham_text_free(text)


def spell_call(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """The call that gives the same again: what is not the default, and arrays by their parameter's name. What changes
    only how it is done is left out."""
    parts = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = arguments[name]
        if isinstance(value, np.generic):
            value = value.item()
        if name in ("threads", "progress"):
            continue
        if parameter.default is parameter.empty:
            parts.append(name)
        elif np.isscalar(value) and value != parameter.default:
            parts.append(f"{name}={value!r}")
        elif value is not None and not np.isscalar(value):
            parts.append(f"{name}={name}")
    return f"ockham.{function.__name__}({', '.join(parts)})"

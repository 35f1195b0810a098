# SPDX-License-Identifier: Apache-2.0
"""What the library writes of a sweep: the command's text, its sentences alone, and a page of charts."""

from __future__ import annotations

import ctypes
import inspect
import os
from typing import Any, Callable, Union

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import call
from ockham._model import Scaling
from ockham._structs import IntArray, point_to, strings
from ockham._sweep import Sweep


class Report:
    """Keeps the sweep alive, and whatever the report is to tell of besides."""

    def __init__(self, sweep: Sweep, scaling: Scaling, command: str, **options: Any) -> None:
        self._sweep = sweep
        self._scaling = scaling
        self._command = command
        self._scaling_struct = scaling.to_struct(sweep.rows.n_columns)
        self._options = _ffi.ockham_report_options(scaling=ctypes.pointer(self._scaling_struct), **options)
        self._known: npt.NDArray[np.uint32] | None = None
        self._known_texts: list[str] = []

    def compare(self, labels: IntArray, known_labels: Any) -> None:
        """Also tell how the labels agree with known ones."""
        values, known = np.unique(np.asarray(known_labels), return_inverse=True)
        if known.shape != labels.shape:
            raise ValueError(f"known_labels must be {len(labels)} labels, one a row, found the shape {known.shape}")
        self._known = known.astype(np.uint32)
        self._known_texts = [str(value) for value in values]
        self._agreement = _ffi.ockham_agreement()
        arrays = point_to(labels), point_to(self._known)
        call(_ffi.ockham_agreement_measure, *arrays, len(labels), ctypes.byref(self._agreement))
        self._options.agreement = ctypes.pointer(self._agreement)
        self._options.n_label_values = len(values)

    def text(self, tables: bool) -> str:
        self._options.no_tables = not tables
        return _take_text(_ffi.ockham_report_sweep, self._sweep.pointer, ctypes.byref(self._options)).decode()

    def write_page(self, path: Union[str, os.PathLike[str]], labels: IntArray, title: str | None) -> None:
        """A file, written beside what was there and put in its place."""
        if not _ffi.ockham_report_has_page():
            raise NotImplementedError(
                "this build has no page of charts: npm and jansson were not there when the package was built"
            )
        rows = self._sweep.rows
        numbers = np.arange(rows.n_rows, dtype=np.uint64)
        options = _ffi.ockham_page_options(
            report=self._options,
            column_names=strings(rows.names()),
            source=title.encode(errors="replace") if title else None,
            command=self._command.encode(errors="replace"),
            weights=point_to(self._sweep.weights),
            known_labels=point_to(self._known),
            known_label_texts=strings(self._known_texts),
            row_numbers=point_to(numbers),
        )
        arguments = self._sweep.pointer, rows.struct, point_to(labels), ctypes.byref(options)
        html = _take_text(_ffi.ockham_report_page, *arguments)
        call(_ffi.ockham_text_write, html, os.fsencode(path))


def _take_text(function: Callable[..., Any], *arguments: Any) -> bytes:
    text = ctypes.POINTER(ctypes.c_char)()
    call(function, *arguments, ctypes.byref(text))
    try:
        return ctypes.cast(text, ctypes.c_char_p).value or b""
    finally:
        _ffi.ockham_text_free(text)


def spell_call(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """The call that gives the same again: what is not the default, and arrays by their parameter's name."""
    parts = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = arguments[name]
        if parameter.default is parameter.empty:
            parts.append(name)
        elif np.isscalar(value) and value != parameter.default:
            parts.append(f"{name}={value!r}")
        elif value is not None and not np.isscalar(value):
            parts.append(f"{name}={name}")
    return f"ockham.{function.__name__}({', '.join(parts)})"

# SPDX-License-Identifier: Apache-2.0
"""What can be told of an account that the library makes reports of: text, JSON, a page."""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any, Callable

from ockham import _ffi
from ockham._calls import call
from ockham._report import _take_text
from ockham._structs import file_name


class Told:
    """The library's functions for it, and what they take."""

    _options: Any
    _report_text: Callable[..., Any]
    _report_page: Callable[..., Any]

    def _account(self) -> Any:
        raise NotImplementedError

    def _text(self, every: bool = False, json_format: bool = False) -> str:
        account = self._account()
        options = self._options(format=_ffi.OCKHAM_FORMAT_JSON if json_format else _ffi.OCKHAM_FORMAT_TEXT, every=every)
        function = type(self)._report_text
        return _take_text(function, ctypes.byref(account), ctypes.byref(options)).decode(errors="replace")

    def __str__(self) -> str:
        return self._text().rstrip("\n")

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._text(json_format=True))
        return found

    def report(self, path: str | os.PathLike[str]) -> None:
        """A page of charts, in one file that needs no network."""
        name = file_name(path)
        call(_ffi.ockham_report_check_page)
        account = self._account()
        html = _take_text(type(self)._report_page, ctypes.byref(account))
        call(_ffi.ockham_text_write, html, name)

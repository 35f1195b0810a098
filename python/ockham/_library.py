# SPDX-License-Identifier: Apache-2.0
"""The shared library: the one beside this file, or the one that OCKHAM_LIBRARY names."""

from __future__ import annotations

import ctypes
import os
import pathlib
from typing import Any, Callable


def _find() -> str:
    if path := os.environ.get("OCKHAM_LIBRARY"):
        return path
    beside = sorted(pathlib.Path(__file__).parent.glob("libockham.*"))
    if not beside:
        raise ImportError(
            "libockham was expected beside the package, as `pip install ./python` puts it; "
            "OCKHAM_LIBRARY may name another, such as build/libockham.so"
        )
    return str(beside[0])


_path = _find()
_library = ctypes.CDLL(_path)


def declare(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of the library with its types; calls let other Python threads run."""
    try:
        function = _library[name]
    except AttributeError:
        raise ImportError(f"{_path} is of another version than this package: it has no {name}()") from None
    function.restype = result
    function.argtypes = arguments
    return function

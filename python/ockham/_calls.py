# SPDX-License-Identifier: Apache-2.0
"""What every call of the library shares: errors as exceptions, progress and Ctrl-C, the number of threads."""

from __future__ import annotations

import ctypes
import numbers
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Callable

import numpy as np

from ockham import _ffi

#: Called with what is being done, how much is done, and of how much (0: not known); False asks to stop.
ProgressCallback = Callable[[str, int, int], Any]
Progress = ProgressCallback | bool | None


class DataError(ValueError):
    """The data cannot be used as they are.

    row, column: where, from 0; None where the whole is at fault.
    """

    def __init__(self, message: str, row: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.row = row
        self.column = column

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.row, self.column)


class Stopped(RuntimeError):
    """A progress callback asked to stop before there was a result."""


_EXCEPTIONS: dict[int, type[Exception]] = {
    _ffi.OCKHAM_BAD_ARGUMENT: ValueError,
    _ffi.OCKHAM_BAD_DATA: DataError,
    _ffi.OCKHAM_BAD_FILE: ValueError,
    _ffi.OCKHAM_IO: OSError,
    _ffi.OCKHAM_CANNOT_WRITE: OSError,
    _ffi.OCKHAM_NO_MEMORY: MemoryError,
    _ffi.OCKHAM_UNSUPPORTED: NotImplementedError,
    _ffi.OCKHAM_INTERRUPTED: Stopped,
}


def exception_of(err: _ffi.ockham_error) -> Exception:
    """The library counts rows and columns from 1, Python from 0."""
    message = err.message.decode(errors="replace")
    if err.status == _ffi.OCKHAM_BAD_DATA:
        return DataError(message, err.row - 1 if err.row else None, err.column - 1 if err.column else None)
    return _EXCEPTIONS.get(err.status, RuntimeError)(message)


def call(function: Callable[..., Any], *arguments: Any) -> None:
    """Call what returns a status and takes a last error; raise what it says."""
    err = _ffi.ockham_error()
    if function(*arguments, ctypes.byref(err)) != _ffi.OCKHAM_OK:
        raise exception_of(err)


def whole_number(name: str, value: Any, least: int, most: int = 2**63 - 1) -> int:
    """The library would take -1 for a very large number."""
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))
    if not is_whole or not least <= value <= most:
        limits = f"at least {least}" if most > 2**32 else f"{least} to {most}"
        raise ValueError(f"{name} must be a whole number of {limits}, found {value!r}")
    return int(value)


# ---- threads ----

_MOST_THREADS = 1024  # the library's limit


def count_threads(threads: int | None) -> int:
    """As asked; or what OMP_NUM_THREADS says, which joblib and others set in their worker processes so that all of
    them together take each core once; or every core that this process may use."""
    if threads is not None:
        return whole_number("threads", threads, 1)
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(int(said), _MOST_THREADS) if said.isdigit() and int(said) > 0 else count_cores()


def count_cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# ---- progress ----


class _Bar:
    """For `progress=True`: tqdm's bar where there is tqdm, else a line on standard error."""

    def __init__(self) -> None:
        self.stage = ("", 0)
        self.bar: Any = None
        try:
            from tqdm.auto import tqdm

            self.tqdm: Any = tqdm
        except ImportError:
            self.tqdm = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self.tqdm is None:
            share = f" {100 * done // total:3d} %" if total else ""
            sys.stderr.write(f"\r{stage}{share}\x1b[K")
            sys.stderr.flush()
            return
        if self.bar is None:
            self.bar = self.tqdm(leave=False)
        if (stage, total) != self.stage:
            self.stage = stage, total
            self.bar.set_description(stage, refresh=False)
            self.bar.reset(total or None)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.tqdm is None:
            sys.stderr.write("\r\x1b[K")


class Watch:
    """Lets a long call tell its progress, and stops it on Ctrl-C or when the callback says so or raises.

    The library calls back from the thread that called it, some fifty times a second. What the handler of a signal raises
    between two instructions of the callback ctypes could only print; so of every signal that Python handles. So while
    the call lasts, signals are noted, and handled where what a handler raises can be kept until the call has returned.
    """

    def __init__(self, progress: Progress = None) -> None:
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise TypeError(f"progress must be True, None, or be called with (stage, done, total), found {progress!r}")
        self._bar = _Bar() if progress is True else None
        self._tell: ProgressCallback | None = self._bar or (progress if callable(progress) else None)
        self._raised: BaseException | None = None
        self._signals: list[tuple[int, FrameType | None]] = []
        self._handlers: dict[int, Any] = {}
        report: Any = _ffi.ockham_progress._fields_[0][1]
        self._at_once = ctypes.c_bool(False)
        self._struct = _ffi.ockham_progress(
            report=report(self._report), user=None, at_once=ctypes.pointer(self._at_once)
        )
        #: for the options of the call
        self.pointer = ctypes.pointer(self._struct)
        self._stopped = False

    def _report(self, user: int | None, stage: bytes, done: int, total: int) -> bool:
        try:
            self._handle_signals()
            if self._tell is not None and not self._stopped:
                answer = self._tell(stage.decode(), done, total)
                self._stopped = isinstance(answer, (bool, np.bool_)) and not answer
        except BaseException as raised:
            self._raised = raised
            self._at_once.value = True
        return not (self._stopped or self._raised)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals.append((number, frame))

    def _handle_signals(self) -> None:
        while self._signals:
            number, frame = self._signals.pop(0)
            self._handlers[number](number, frame)

    def __enter__(self) -> Watch:
        if threading.current_thread() is threading.main_thread():
            for number in signal.valid_signals():
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._bar is not None:
            self._bar.close()
        if self._raised is None:
            try:
                self._handle_signals()
            except BaseException as raised:
                self._raised = raised
        if self._raised is not None:
            raise self._raised from None

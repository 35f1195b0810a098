# SPDX-License-Identifier: Apache-2.0
"""Has the data drifted? A reference profile, a table against it, and rows as they come."""

from __future__ import annotations

import ctypes
import warnings
import weakref
from dataclasses import dataclass
from html import escape
from typing import Any, Sequence

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._calls import DataError, Progress, Watch, call, count_threads, whole_number
from ockham._clusters import Clusters, clusters
from ockham._columns import Columns, number_texts, read_columns
from ockham._model import Model
from ockham._profile import encode_profile
from ockham._structs import FloatArray, encode, point_to, strings
from ockham._told import Told

_MOST_SAMPLED, _FEWEST_ROWS = 10_000, 20
_KINDS = ["clusters", "distance", "direction", "column", "output", "missing"]
_VERDICTS = {_ffi.OCKHAM_DRIFT_NONE: "none", _ffi.OCKHAM_DRIFT_TRIVIAL: "trivial", _ffi.OCKHAM_DRIFT_FOUND: "found"}
_DETECTORS = ["ewma", "chi2", "ks", "wasserstein", "mmd", "page-hinkley", "adwin", "kswin", "cusum"]


def _text(of: bytes | None) -> str:
    return (of or b"").decode(errors="replace")


# ---- the reference ----


class Profile:
    """What rows look like, in counts: what new ones are compared with. profile() makes one, and so does
    Profile.of(model) of a model that has one.

    column_names  those that new rows must have
    n_rows        of the reference
    k             clusters
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._finalizer = weakref.finalize(self, _ffi.ockham_profile_free, handle)
        parts = self._parts = _ffi.ockham_profile_look(handle).contents
        columns = [parts.columns[j] for j in range(parts.n_columns)]
        self.column_names = [_text(column.name) for column in columns]
        self.n_rows = int(parts.n_rows)
        self.k = int(parts.k)
        self._texts = [
            {_text(column.texts[t]): t for t in range(column.n_texts)}
            if column.kind == _ffi.OCKHAM_COLUMN_CATEGORY
            else None
            for column in columns
        ]

    @classmethod
    def of(cls, model: Model) -> Profile:
        if model.profile is None:
            raise ValueError("the model has no profile: ockham.profile(X) makes one of rows such as it was made from")
        return _of_bytes(model.profile)

    def __repr__(self) -> str:
        return f"<ockham.Profile: {self.n_rows:,} rows, {len(self.column_names)} columns, {self.k} clusters>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_bytes, (encode_profile(self._handle),)

    def arrange(self, X: Any, allow_missing: bool = False) -> tuple[FloatArray, list[str]]:
        """Rows in the profile's order, and the names of the columns that they lack."""
        found = read_columns(X)
        places = self._match(found)
        absent = [name for name, place in zip(self.column_names, places) if place is None]
        if absent and not allow_missing:
            listed = ", ".join(repr(name) for name in absent[:10]) + (", …" if len(absent) > 10 else "")
            raise ValueError(f"the data lack {listed} of the profile; allow_missing=True takes them as missing")
        rows = np.full((found.n_rows, len(places)), np.nan)
        for j, place in enumerate(places):
            if place is not None:
                rows[:, j] = self._numbers(found, place, j)
        return rows, absent

    def _match(self, found: Columns) -> list[int | None]:
        """By name; arrays by place, of which there must be as many."""
        if found.named:
            places = {column.name: place for place, column in enumerate(found.columns)}
            return [places.get(name) for name in self.column_names]
        if len(found.columns) != len(self.column_names):
            raise ValueError(f"the data must have the profile's {len(self.column_names)} columns, found {len(found.columns)}")
        return list(range(len(found.columns)))

    def _texts_of(self, found: Columns, rows: Sequence[int]) -> list[bytes | None]:
        """The texts of categories as the data have them, row by row; None for what holds none."""
        texts = [
            None if place is None or known is None else found.columns[place].as_texts()
            for place, known in zip(self._match(found), self._texts)
        ]
        cells = ((column[row] if column else None) for row in rows for column in texts)
        return [None if text is None else encode(text) for text in cells]

    def _numbers(self, found: Columns, place: int, j: int) -> FloatArray:
        column, texts = found.columns[place], self._texts[j]
        if texts is not None:
            return number_texts(column.as_texts(), texts, len(texts))
        if column.numbers is None:
            raise DataError(f"column {column.name!r} holds texts, and numbers in the profile", column=place)
        return column.numbers


def _of_bytes(data: bytes) -> Profile:
    buffer = (ctypes.c_ubyte * len(data)).from_buffer_copy(data)
    handle = ctypes.POINTER(_ffi.ockham_profile)()
    call(_ffi.ockham_profile_decode, buffer, len(data), b"the profile", ctypes.byref(handle))
    return Profile(handle)


def profile(
    X: Any,
    *,
    categories: Sequence[str] = (),
    outputs: Sequence[str] = (),
    times: Any = None,
    k: int | None = None,
    scale: str = "auto",
    unordered: bool = False,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = None,
) -> Profile:
    """Describe rows, to notice drift by. Missing cells (NaN, None) are counted as such.

    X           a data frame, whose columns of text are categories; or numbers. 20 rows at least, or DataError is raised.
                Columns of datetimes are left out, with a warning: `times` takes one
    categories  columns that hold categories, though they look like numbers
    outputs     columns that hold what a model answered
    times       one a row: seconds since 1970, or datetime64
    k           clusters; None: as many as ockham.clusters() finds in up to 10,000 complete rows
    unordered   the rows are in no order of time
    """
    found = read_columns(X)
    _check_names(found, "categories", categories)
    _check_names(found, "outputs", outputs)
    if found.n_rows < _FEWEST_ROWS:
        raise DataError(f"a profile needs at least {_FEWEST_ROWS} rows, found {found.n_rows}")
    found = _without_times(found, [*categories, *outputs])
    rows = np.empty((found.n_rows, len(found.columns)))
    columns = (_ffi.ockham_profile_column * len(found.columns))()
    numbers = []
    for j, column in enumerate(found.columns):
        known: dict[str, int] = {}
        is_category = column.numbers is None or column.name in categories
        rows[:, j] = number_texts(column.as_texts(), known) if is_category else column.numbers
        is_output = column.name in outputs
        if 2 * len(known) > found.n_rows:
            warnings.warn(
                f"column {column.name!r} has {len(known)} different texts in {found.n_rows} rows: leave out what names rows",
                stacklevel=2,
            )
        columns[j].name = encode(column.name)
        columns[j].kind = _ffi.OCKHAM_COLUMN_CATEGORY if is_category else _ffi.OCKHAM_COLUMN_NUMBER
        columns[j].role = _ffi.OCKHAM_COLUMN_OUTPUT if is_output else _ffi.OCKHAM_COLUMN_INPUT
        columns[j].texts, columns[j].n_texts = strings(list(known)), len(known)
        if not is_category and not is_output:
            numbers.append(j)
    options = _ffi.ockham_profile_options(columns=columns, unordered=unordered, seed=seed, threads=count_threads(threads))
    seconds = _seconds(times, found.n_rows)
    options.times = point_to(seconds)
    if numbers:
        model = _find_clusters(rows[:, numbers], k, scale, seed, threads, progress)
        options.k, options.centroids = model.k, point_to(np.ascontiguousarray(model.centroids))
        options.centre, options.factor = point_to(model.scaling.centre), point_to(model.scaling.factor)
    handle = ctypes.POINTER(_ffi.ockham_profile)()
    with Watch(progress) as watch:
        options.progress = watch.pointer
        call(_ffi.ockham_profile_fit, _struct(rows), ctypes.byref(options), ctypes.byref(handle))
    return Profile(handle)


def _check_names(found: Columns, what: str, names: Sequence[str]) -> None:
    own = [column.name for column in found.columns]
    if isinstance(names, str):
        raise TypeError(f"{what} must be a list of names, found {names!r}")
    for name in names:
        if name not in own:
            raise ValueError(f"{what}: the data have no column {name!r}")


def _without_times(found: Columns, wanted: Sequence[str]) -> Columns:
    """As texts no two of them were alike, and any later one new."""
    times = [column.name for column in found.columns if column.is_time and column.name not in wanted]
    for name in times:
        warnings.warn(
            f"column {name!r} holds times, and is left out: times=X[{name!r}] takes it, categories=[{name!r}] as texts",
            stacklevel=3,
        )
    return Columns([column for column in found.columns if column.name not in times], found.n_rows, found.named)


def _find_clusters(
    x: FloatArray, k: int | None, scale: str, seed: int, threads: int | None, progress: Progress
) -> Model:
    """Of complete rows; where there are few, of all with means in the gaps. A column without any number is 0, and columns
    that are constant have no say in how many clusters there are."""
    known = np.isfinite(x)
    x = np.where(known | known.any(axis=0), x, 0.0)
    complete = x[np.isfinite(x).all(axis=1)]
    if len(complete) < 20:
        kept = np.where(np.isfinite(x), x, np.nan)
        complete = np.where(np.isnan(kept), np.nanmean(kept, axis=0), kept)
    if len(complete) > _MOST_SAMPLED:
        chosen = np.random.default_rng(seed).choice(len(complete), _MOST_SAMPLED, replace=False)
        complete = complete[np.sort(chosen)]
    options: dict[str, Any] = {
        "scale": scale, "silhouette": False, "seed": seed, "threads": threads, "progress": progress
    }
    varying = (complete != complete[0]).any(axis=0)
    if k is None and varying.any() and not varying.all():
        k = clusters(np.ascontiguousarray(complete[:, varying]), **options).k
    limits: dict[str, Any] = {} if k is None else {"k_min": k, "k_max": k}
    return clusters(complete, **options, **limits).model


def _seconds(times: Any, n_rows: int) -> FloatArray | None:
    if times is None:
        return None
    array = np.asarray(times)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
    seconds = np.ascontiguousarray(array, np.float64)
    if seconds.shape != (n_rows,):
        raise ValueError(f"times must be {n_rows}, one a row, found the shape {seconds.shape}")
    return seconds


def _struct(rows: FloatArray) -> _ffi.ockham_rows:
    return _ffi.ockham_rows(data=rows.ctypes.data, n_rows=rows.shape[0], n_columns=rows.shape[1])


def _profile_of(reference: Any, **options: Any) -> Profile:
    if isinstance(reference, Profile):
        return reference
    if isinstance(reference, Model):
        return Profile.of(reference)
    if isinstance(reference, Clusters):
        return Profile.of(reference.model)
    return profile(reference, **options)


# ---- what is found ----


@dataclass(frozen=True)
class DriftSignal:
    """What is known of one signal; NaN where something does not apply.

    kind        "clusters", "distance", "direction", "column", "output" or "missing"
    p_value     of a table: of this signal alone
    run_length  of a stream: without drift it is as high as it is now once in so many rows
    psi         population stability index, its bias removed, with a 95 % interval
    js          Jensen-Shannon distance, 0 to 1
    shift       of the mean, in standard deviations of the reference, with a 95 % interval
    bins        share in the reference, share now, and a 95 % interval of the change, a row each
    """

    name: str
    kind: str
    drifted: bool
    p_value: float
    run_length: float
    psi: float
    psi_interval: tuple[float, float]
    js: float
    shift: float
    shift_interval: tuple[float, float]
    bin_names: list[str]
    bins: npt.NDArray[np.float64]


def _signal(s: _ffi.ockham_drift_signal, bins: Any) -> DriftSignal:
    signal = s.signal.contents
    table = [(b.reference, b.now, b.low, b.high) for b in (bins[i] for i in range(signal.n_bins))]
    return DriftSignal(
        name=_text(signal.name),
        kind=_KINDS[signal.kind],
        drifted=bool(s.drifted),
        p_value=s.p_value,
        run_length=s.run_length,
        psi=s.psi,
        psi_interval=(s.psi_low, s.psi_high),
        js=s.js,
        shift=s.shift,
        shift_interval=(s.shift_low, s.shift_high),
        bin_names=[_text(signal.bin_names[i]) for i in range(signal.n_bins)],
        bins=np.array(table),
    )


@dataclass(frozen=True)
class DriftEpisode:
    """A time of drift. Rows count from 0, as the data's do.

    since_row    estimated first row of the change
    noticed_row  the row of the alarm
    until_row    None: it lasts
    signal       the one that raised it
    """

    number: int
    since_row: int
    noticed_row: int
    until_row: int | None
    signal: str
    run_length: float
    psi: float


def _episodes(state: _ffi.ockham_drift_state) -> list[DriftEpisode]:
    found = (state.episodes[i] for i in range(state.n_kept))
    return [
        DriftEpisode(
            number=e.number,
            since_row=e.since_row - 1,
            noticed_row=e.noticed_row - 1,
            until_row=e.until_row - 1 if e.until_row else None,
            signal=_text(state.signals[e.signal].signal.contents.name),
            run_length=e.run_length,
            psi=e.psi,
        )
        for e in found
    ]


class _ToldDrift(Told):
    _options = _ffi.ockham_drift_report_options
    _report_text = staticmethod(_ffi.ockham_report_drift)
    _report_page = staticmethod(_ffi.ockham_report_drift_page)

    @property
    def table(self) -> str:
        """The same with every signal."""
        return self._text(every=True).rstrip("\n")

    def to_dict(self) -> dict[str, Any]:
        """The command's JSON, which docs/drift.md describes; its rows count from 1."""
        return super().to_dict()

    def _repr_html_(self) -> str:
        first, *others = str(self).splitlines()
        text = escape("\n".join(others))
        return (
            f'<div class="ockham"><div style="font-size:150%;font-weight:600">{escape(first.split("  ")[0])}</div>'
            f'<div>{escape(first.split("  ", 1)[-1].strip())}</div><pre style="line-height:1.3">{text}</pre></div>'
        )


class Drift(_ToldDrift):
    """A table against a profile.

    verdict         "found", "trivial" (significant, and below min_effect) or "none"
    found           verdict == "found"
    p_value         of all signals together
    smallest_shift  what such a table can show: the shift of one column, in standard deviations, that is found in 80 %
                    of cases
    signals         by name
    since_row       estimated first row of the change, from 0; None: not found, or rows are in no order
    example_rows    some rows of the bin that grew most, from 0; after since_row where that is known
    """

    def __init__(
        self, reference: Profile, found: Columns, rows: FloatArray, absent: list[str], comparison: Any, monitor: Any
    ) -> None:
        self._reference, self._absent, self._comparison, self._monitor = reference, absent, comparison, monitor
        self._finalizer = weakref.finalize(self, _ffi.ockham_drift_comparison_free, comparison)
        c = self._contents = comparison.contents
        self.verdict = _VERDICTS[c.verdict]
        self.found = self.verdict == "found"
        self.p_value, self.level, self.min_effect = c.p_value, c.level, c.min_effect
        self.smallest_shift = c.smallest_shift
        self.n_rows = int(c.n_rows)
        told = [_signal(c.signals[s], c.bins[s]) for s in range(c.n_signals)]
        self.signals = {signal.name: signal for signal in told}
        episodes = _episodes(_ffi.ockham_drift_monitor_look(monitor.handle).contents) if monitor else []
        self.since_row = episodes[0].since_row if self.found and episodes else None
        self.example_rows = self._find_examples(rows) if self.found else []
        self._values = np.ascontiguousarray(rows[self.example_rows])
        self._texts = reference._texts_of(found, self.example_rows)

    def _find_examples(self, rows: FloatArray) -> list[int]:
        """Those after the change, where it is known when that was: rows of before show what was usual."""
        c = self._contents
        after = (ctypes.c_uint64 * _ffi.OCKHAM_DRIFT_EXAMPLES)()
        if self.since_row is not None:
            arguments = self._reference._handle, _struct(rows), c.leading, c.grown_bin, self.since_row + 1, after
            call(_ffi.ockham_drift_examples, *arguments)
        return [int(row) - 1 for row in (after if after[0] else c.example_rows) if row]

    def __repr__(self) -> str:
        return f"<ockham.Drift: {self.verdict}, p {self.p_value:.2g}, {self.n_rows:,} rows>"

    def _account(self) -> _ffi.ockham_drift_account:
        numbers = np.array(self.example_rows, np.uint64) + np.uint64(1)
        account = _ffi.ockham_drift_account(
            profile=ctypes.pointer(self._reference._parts),
            batch=self._comparison,
            n_examples=len(self.example_rows),
            example_rows=point_to(numbers),
            example_values=point_to(self._values),
            example_texts=(ctypes.c_char_p * max(len(self._texts), 1))(*self._texts),
            absent_columns=strings(self._absent),
            n_absent=len(self._absent),
        )
        if self._monitor:
            account.course = _ffi.ockham_drift_monitor_look(self._monitor.handle)
        return account


def _drift_options(
    level: float, min_effect: float | None, seed: int, threads: int | None, **others: Any
) -> _ffi.ockham_drift_options:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, found {level!r}")
    if min_effect is not None and not 0 <= min_effect < float("inf"):
        raise ValueError(f"min_effect must not be negative, found {min_effect!r}")
    effect = 0.0 if min_effect is None else min_effect if min_effect > 0 else -1.0
    return _ffi.ockham_drift_options(level=level, min_effect=effect, seed=seed, threads=count_threads(threads), **others)


def drift(
    reference: Any,
    X: Any,
    *,
    level: float = 0.01,
    min_effect: float | None = None,
    unordered: bool = False,
    allow_missing: bool = False,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = None,
) -> Drift:
    """Have the rows of X drifted from the reference?

    reference      a Profile, a model (or clusters) that has one, or the rows themselves
    X              one row at least, or DataError is raised
    level          how often rows without drift may be said to have some
    min_effect     population stability index below which a difference is too small to matter; 0: none is; None: 0.005
    unordered      rows are in no order: do not say when it began
    allow_missing  columns that X lacks are missing in every row, instead of an error
    """
    options = _drift_options(level, min_effect, seed, threads)
    known = _profile_of(reference, unordered=unordered, seed=seed, threads=threads, progress=progress)
    found = read_columns(X)
    if found.n_rows == 0:
        raise DataError("X has no rows: expected at least one to compare")
    rows, absent = known.arrange(found, allow_missing)
    comparison = ctypes.POINTER(_ffi.ockham_drift_comparison)()
    with Watch(progress) as watch:
        arguments = known._handle, _struct(rows), ctypes.byref(options), watch.pointer, ctypes.byref(comparison)
        call(_ffi.ockham_drift_compare, *arguments)
    monitor = None
    if not unordered and comparison.contents.verdict == _ffi.OCKHAM_DRIFT_FOUND:
        monitor = _Monitor(known, _drift_options(level, min_effect, seed, threads), max(len(rows) / level, 1000.0))
        monitor.put(rows, None)
    return Drift(known, found, rows, absent, comparison, monitor)


# ---- rows as they come ----


class _Monitor:
    """The library's, with the profile that it borrows."""

    def __init__(self, reference: Profile, options: _ffi.ockham_drift_options, rows_per_false_alarm: float) -> None:
        self._reference = reference
        options.rows_per_false_alarm = rows_per_false_alarm
        self.handle = ctypes.POINTER(_ffi.ockham_drift_monitor)()
        call(_ffi.ockham_drift_monitor_new, reference._handle, ctypes.byref(options), ctypes.byref(self.handle))
        self._finalizer = weakref.finalize(self, _ffi.ockham_drift_monitor_free, self.handle)

    def put(self, rows: FloatArray, times: FloatArray | None) -> int:
        n_alarms = ctypes.c_size_t()
        call(_ffi.ockham_drift_monitor_put, self.handle, _struct(rows), point_to(times), ctypes.byref(n_alarms))
        return n_alarms.value


class DriftMonitor(_ToldDrift):
    """Watch rows as they come, with at most one false alarm in so many on average.

        monitor = ockham.DriftMonitor(ockham.profile(train), false_alarms=100_000)
        for batch in live:
            for alarm in monitor.update(batch):
                print(alarm)

    reference     a Profile, a model (or clusters) that has one, or rows
    false_alarms  rows, on average, to a false alarm
    detector      what watches: "ewma", or another of `ockham drift --detectors`
    window        rows that it looks back at most
    by_hour       compare with the same hour of the week, where the profile knows times and update() is told them
    """

    def __init__(
        self,
        reference: Any,
        *,
        false_alarms: float = 100_000,
        min_effect: float | None = None,
        detector: str = "ewma",
        window: int | None = None,
        by_hour: bool = False,
        allow_missing: bool = False,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        if detector not in _DETECTORS:
            raise ValueError(f"detector must be one of {', '.join(_DETECTORS)}, found {detector!r}")
        if not 100 <= false_alarms < float("inf"):
            raise ValueError(f"false_alarms must be 100 rows or more, found {false_alarms!r}")
        size = 0 if window is None else whole_number("window", window, 1)
        options = _drift_options(
            0.01, min_effect, seed, threads, detector=_DETECTORS.index(detector), window=size, by_hour=by_hour
        )
        self._reference = _profile_of(reference, seed=seed, threads=threads)
        self._monitor = _Monitor(self._reference, options, false_alarms)
        self._allow_missing = allow_missing
        self._absent: list[str] = []

    def update(self, X: Any, *, times: Any = None) -> list[DriftEpisode]:
        """Take in rows; the episodes that they began."""
        rows, self._absent = self._reference.arrange(X, self._allow_missing)
        n_alarms = self._monitor.put(rows, _seconds(times, len(rows)))
        return self.episodes[-n_alarms:] if n_alarms else []

    @property
    def _state(self) -> _ffi.ockham_drift_state:
        state: _ffi.ockham_drift_state = _ffi.ockham_drift_monitor_look(self._monitor.handle).contents
        return state

    @property
    def n_rows(self) -> int:
        return int(self._state.n_rows)

    @property
    def drifted(self) -> bool:
        """Whether an episode lasts."""
        return bool(self._state.drifted)

    @property
    def episodes(self) -> list[DriftEpisode]:
        """The latest 64."""
        return _episodes(self._state)

    @property
    def signals(self) -> dict[str, DriftSignal]:
        state, bins = self._state, self._bins()
        told = (_signal(state.signals[s], bins[s]) for s in range(state.n_signals))
        return {signal.name: signal for signal in told}

    def reset(self) -> None:
        """Forget all rows."""
        _ffi.ockham_drift_monitor_reset(self._monitor.handle)

    def __repr__(self) -> str:
        state = "drift" if self.drifted else "no drift"
        return f"<ockham.DriftMonitor: {state}, {self.n_rows:,} rows, {self._state.n_episodes} alarms>"

    def _bins(self) -> list[Any]:
        parts = self._reference._parts
        bins = [(_ffi.ockham_drift_bin * parts.signals[s].n_bins)() for s in range(parts.n_signals)]
        for s, views in enumerate(bins):
            _ffi.ockham_drift_monitor_bins(self._monitor.handle, s, views)
        return bins

    def _account(self) -> _ffi.ockham_drift_account:
        bins = self._bins()
        pointer = ctypes.POINTER(_ffi.ockham_drift_bin)
        views = (pointer * len(bins))(*(ctypes.cast(b, pointer) for b in bins))
        account = _ffi.ockham_drift_account(
            profile=ctypes.pointer(self._reference._parts),
            course=_ffi.ockham_drift_monitor_look(self._monitor.handle),
            bins=views,
            absent_columns=strings(self._absent),
            n_absent=len(self._absent),
        )
        account._kept = bins
        return account

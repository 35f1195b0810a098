# SPDX-License-Identifier: Apache-2.0
"""The table of criteria, and what they say of a sweep."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ockham import _ffi
from ockham._structs import NONE, FloatArray

_DIRECTIONS = {
    _ffi.OCKHAM_MAXIMUM: "maximum",
    _ffi.OCKHAM_MINIMUM: "minimum",
    _ffi.OCKHAM_KNEE: "knee",
    _ffi.OCKHAM_RULE: "rule",
}


@dataclass(frozen=True)
class Criterion:
    """A way to choose k: its name for options, its title for people, which value it chooses, whether it looks at
    mixtures rather than k-means, and where it is from."""

    name: str
    title: str
    direction: str
    can_say_one: bool
    of_mixtures: bool
    formula: str
    source: str


def criteria() -> list[Criterion]:
    """Every criterion there is."""
    return [_criterion(struct) for struct in table()]


def table() -> list[_ffi.ockham_criterion]:
    n = ctypes.c_size_t()
    first = _ffi.ockham_criteria(ctypes.byref(n))
    return [first[i] for i in range(n.value)]


def _criterion(struct: _ffi.ockham_criterion) -> Criterion:
    def text(value: bytes | None) -> str:
        return (value or b"").decode()

    return Criterion(
        text(struct.name),
        text(struct.title),
        _DIRECTIONS[struct.direction],
        struct.can_answer_one,
        struct.evidence == _ffi.OCKHAM_EVIDENCE_MIXTURES,
        text(struct.formula),
        text(struct.source),
    )


class Curve(Mapping[str, npt.NDArray[Any]]):
    """What is known of each k: columns of equal length by name, "k" first, then "inertia" and each criterion's value.

    NaN where a criterion is undefined.
    """

    def __init__(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def to_frame(self) -> Any:
        """A pandas DataFrame, one row a k."""
        import pandas

        return pandas.DataFrame(self._columns).set_index("k")

    def __repr__(self) -> str:
        k = self["k"]
        return f"<ockham.Curve: k = {k[0]} … {k[-1]}; {', '.join(self)}>"


@dataclass(frozen=True)
class Choice:
    """The k that a criterion chooses, None where it chooses none, and its value there."""

    criterion: Criterion
    k: int | None
    value: float
    decides: bool


class Choices(Mapping[str, "int | None"]):
    """The k that each criterion chooses, by the criterion's name; None where it chooses none."""

    def __init__(self, choices: list[Choice]) -> None:
        self.choices = choices
        self._by_name = {choice.criterion.name: choice for choice in choices}

    def __getitem__(self, name: str) -> int | None:
        return self._by_name[name].k

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def to_frame(self) -> Any:
        """A pandas DataFrame, one row a criterion: k, value there, whether it can say 1, whether it decided."""
        import pandas

        rows = [(c.criterion.name, c.k, c.value, c.criterion.can_say_one, c.decides) for c in self.choices]
        frame = pandas.DataFrame(rows, columns=["criterion", "k", "value", "can_say_one", "decides"])
        return frame.astype({"k": "Int64"}).set_index("criterion")

    def __repr__(self) -> str:
        return repr(dict(self))


def read_choices(curve: Any, decider: str, shown: list[_ffi.ockham_criterion]) -> Choices:
    choices = []
    for struct in shown:
        i = _ffi.ockham_criterion_choose(ctypes.byref(struct), curve)
        found = i != NONE
        value = _ffi.ockham_criterion_value(ctypes.byref(struct), curve, i) if found else float("nan")
        criterion = _criterion(struct)
        k = curve.contents.points[i].k if found else None
        choices.append(Choice(criterion, k, value, criterion.name == decider))
    return Choices(choices)


def read_curve(curve: Any, shown: list[_ffi.ockham_criterion]) -> Curve:
    points = [curve.contents.points[i] for i in range(curve.contents.n_points)]
    columns: dict[str, npt.NDArray[Any]] = {
        "k": np.array([p.k for p in points]),
        "inertia": np.array([p.inertia for p in points]),
    }
    for struct in shown:
        if struct.direction != _ffi.OCKHAM_KNEE:  # its values are the inertia
            columns[(struct.name or b"").decode()] = _values(curve, struct, len(points))
    return Curve(columns)


def _values(curve: Any, struct: _ffi.ockham_criterion, n: int) -> FloatArray:
    return np.array([_ffi.ockham_criterion_value(ctypes.byref(struct), curve, i) for i in range(n)])

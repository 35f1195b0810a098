# SPDX-License-Identifier: Apache-2.0
"""Which change matters, and which is only scale? Studies of `ockham ablate`: planned, filled with runs, answered."""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import pathlib
import re
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping

import numpy as np

from ockham import _ffi
from ockham._ablation import Ablation
from ockham._calls import DataError, Progress, Watch, call, count_threads, exception_of, whole_number
from ockham._columns import read_columns
from ockham._input import _is_of
from ockham._structs import encode, file_name

ACCOUNTS = ["iso-flop", "iso-parameter", "iso-time"]
_DESIGNS = ["full", "fraction", "d-optimal", "add-one-in", "leave-one-out"]
_PURPOSES = ["design", "baseline", "recipe", "add-one-in", "leave-one-out", "probe", "pilot"]
_OUTCOMES = ["waiting", "done", "diverged", "failed", "timed-out"]
_NUMBERS = ["loss", "flops", "parameters", "tokens", "seconds", "slope"]


def _text(of: bytes | None) -> str:
    return (of or b"").decode(errors="replace")


def _known(value: float) -> float | None:
    """None for what is not known, or has no bound."""
    return float(value) if math.isfinite(value) else None


class Study:
    """A study of factors crossed with scales: what is planned, what has been run, and what that says.

        study = ockham.Study("study.yaml")
        print(study.plan())
        study.import_runs(frame)  # or study.run(); or in a shell: ockham ablate run study.yaml
        answer = study.analyse()
        print(answer)
        answer.report("page.html")

    study    a file of `ockham ablate`, or a mapping of the same keys (docs/studies.md)
    journal  the file that keeps the runs. None: beside the study, as the command has it (study.yaml has study.journal);
             that of a mapping lasts as long as this object

    name, question, metric, compute, design, corpus, command, claims: as the study has them; None where it says nothing
    factors  the levels of each by its name, the baseline's first
    scales   the settings of each by its name, the smallest first
    held_out names of the scales that are predicted from the others
    journal  the path of the file
    """

    def __init__(
        self,
        study: str | os.PathLike[str] | Mapping[str, Any],
        *,
        journal: str | os.PathLike[str] | None = None,
    ) -> None:
        self._trainer = _ffi.ockham_lm_trainer(None)
        self._handle = ctypes.POINTER(_ffi.ockham_study)()
        if isinstance(study, Mapping):
            self._parse(study)
            self._said = "study"
            if journal is None:
                self._folder = tempfile.TemporaryDirectory(prefix="ockham-")
                journal = os.path.join(self._folder.name, "study.journal")
        else:
            call(_ffi.ockham_study_read, file_name(study), ctypes.byref(self._trainer), ctypes.byref(self._handle))
            self._said = repr(os.fspath(study))
            journal = os.path.splitext(study)[0] + ".journal" if journal is None else journal
        self._finalizer = weakref.finalize(self, _ffi.ockham_study_free, self._handle)
        self.journal = pathlib.Path(journal)
        self._read()

    def _parse(self, study: Mapping[str, Any]) -> None:
        """A mapping as JSON is YAML, too. Lines of that are none of the caller's."""
        text = json.dumps(study, indent=1, default=_plain).encode()
        arguments = b"the study", text, len(text), ctypes.byref(self._trainer), ctypes.byref(self._handle)
        err = _ffi.ockham_error()
        if _ffi.ockham_study_parse(*arguments, ctypes.byref(err)) != _ffi.OCKHAM_OK:
            err.message = re.sub(rb"^the study:\d+:", b"the study:", err.message)
            raise exception_of(err)

    def _read(self) -> None:
        s = self._struct = self._handle.contents
        texts = {name: getattr(s, name) for name in ("question", "corpus", "command")}
        self.name, self.metric, self.compute = _text(s.name), _text(s.metric), _text(s.compute)
        self.question, self.corpus, self.command = (None if t is None else _text(t) for t in texts.values())
        self.design = _DESIGNS[s.design]
        self.factors = {
            _text(f.name): [_text(f.levels[level]) for level in range(f.n_levels)]
            for f in (s.factors[i] for i in range(s.n_factors))
        }
        scales = [s.scales[i] for i in range(s.n_scales)]
        self.scales = {
            _text(c.name): {_text(c.settings[i].name): _text(c.settings[i].value) for i in range(c.n_settings)}
            for c in scales
        }
        self.held_out = [_text(c.name) for c in scales if c.held_out]
        self.claims = [_text(s.claims[i].text) for i in range(s.n_claims)]

    def __repr__(self) -> str:
        return f"<ockham.Study {self.name}: {len(self.factors)} factors, {len(self.scales)} scales>"

    # ---- the journal ----

    @contextlib.contextmanager
    def _open(self, make: bool = False) -> Iterator[Any]:
        """The journal for a moment; NULL where there is none. It is not kept open: others may write to it."""
        handle = ctypes.POINTER(_ffi.ockham_journal)()
        if make or self.journal.exists():
            call(_ffi.ockham_journal_open, file_name(self.journal), self._handle, ctypes.byref(handle))
        try:
            yield handle
        finally:
            _ffi.ockham_journal_free(handle)

    @property
    def runs(self) -> list[dict[str, Any]]:
        """What has been run, a dict each: id, purpose, scale, the level of each factor by its name, seed, rate, outcome,
        loss, flops, parameters, tokens, seconds, slope. None where something is not known. A data frame takes the list.
        """
        with self._open() as journal:
            return self._tell_runs(_Runs(self, journal).array)

    def _tell_runs(self, runs: Iterable[_ffi.ockham_run]) -> list[dict[str, Any]]:
        scales = list(self.scales)
        return [
            {
                "id": int(run.id),
                "purpose": _PURPOSES[run.purpose],
                "scale": scales[run.scale],
                **{name: levels[run.levels[f]] for f, (name, levels) in enumerate(self.factors.items())},
                "seed": int(run.seed),
                **({} if "rate" in self.factors else {"rate": run.rate or None}),
                "outcome": _OUTCOMES[run.outcome],
                **{name: _known(getattr(run, name)) for name in _NUMBERS if name not in self.factors},
            }
            for run in runs
        ]

    def import_runs(
        self, runs: Any, *, map: Mapping[str, str] | None = None, set: Mapping[str, Any] | None = None
    ) -> int:
        """Take in runs that were made elsewhere, and say how many were new: those that the journal has are left out.

        runs  a list of dicts, or a data frame: a run each. Columns by the names of factors, `scale` (or the settings that
              tell it), `seed`, `rate`, `purpose`, the study's metric or `loss`, `flops`, `parameters`, `tokens`,
              `seconds`, `slope`, `outcome`, `diverged`. A loss of nan is a divergence, one of None a failure; in a frame
              both are missing, and `outcome` or `diverged` tells them apart
        map   a column of ours, and what it is called there: {"loss": "eval/loss"}
        set   a column of ours, and what it is in every run: {"scale": "S1"}

        Raises DataError with the row; then nothing of them is taken.
        """
        count = ctypes.c_uint64()
        mapped, given = _cells(map or {}), _cells(set or {})
        options = _ffi.ockham_import_options(map=mapped, n_map=len(mapped), set=given, n_set=len(given))
        cells = [_cells(row) for row in _rows(runs)]
        rows = (_ffi.ockham_study_row * len(cells))(*(_ffi.ockham_study_row(row, len(row)) for row in cells))
        with self._open(make=True) as journal:
            arguments = journal, rows, len(rows), ctypes.byref(options), ctypes.byref(count)
            try:
                call(_ffi.ockham_journal_import_rows, *arguments)
            except DataError as error:  # its rows count from 0, as error.row does
                where = "" if error.row is None else f"runs[{error.row}]"
                raise DataError(re.sub(r"^the runs, line \d+", where, str(error)), error.row) from None
        return count.value

    # ---- planning ----

    def plan(self) -> StudyPlan:
        """What would be run, how long that takes, and what it can tell."""
        with self._open() as journal:
            runs = _Runs(self, journal)
            plan = self._make_plan(runs)
            n_waiting = _ffi.ockham_study_waiting(self._handle, plan, journal) if journal else plan.contents.n_runs
        return _read_plan(self, plan.contents, int(n_waiting), runs)

    def _make_plan(self, runs: _Runs) -> Any:
        plan = ctypes.POINTER(_ffi.ockham_plan)()
        call(_ffi.ockham_plan_make, self._handle, runs.array, runs.n, ctypes.byref(plan))
        _owned(plan, _ffi.ockham_plan_free)
        if self.command is not None:
            return plan
        for run in (plan.contents.runs[i] for i in range(plan.contents.n_runs)):
            facts = _ffi.ockham_trainer_facts(math.nan, math.nan, math.nan, math.nan)
            call(_ffi.ockham_run_ask, self._handle, ctypes.byref(run), ctypes.byref(self._trainer), ctypes.byref(facts))
            run.flops, run.parameters = facts.flops, facts.parameters
        call(_ffi.ockham_plan_predict, self._handle, runs.array, runs.n, plan)
        return plan

    def run(
        self,
        *,
        scale: str | None = None,
        pilot: bool = False,
        retry: bool = False,
        cores: int | None = None,
        progress: Progress = None,
    ) -> None:
        """Run what the plan holds and the journal lacks, whatever plan().warnings say: `ockham ablate run --anyway`. What has
        ended is kept, however this ends; the same call goes on.

        scale     only this one
        pilot     only replicates of the baseline
        retry     failed runs, and those that timed out, again
        cores     runs at a time; None: as the study says, else every core
        progress  called as progress("runs", done, total); False ends the runs that are under way, and raises Stopped

        The built-in trainer is run by the command `ockham`, which must be in the PATH.
        """
        names = list(self.scales)
        if scale is not None and scale not in names:
            raise ValueError(f"scale must be one of {', '.join(names)}, found {scale!r}")
        path = self._find_trainer()  # which the trainer borrows
        trainer = _ffi.ockham_lm_trainer(path)
        options = _ffi.ockham_run_options(
            trainer=ctypes.pointer(trainer),
            cores=0 if cores is None else whole_number("cores", cores, 1),
            retry=retry,
            only_replicates=pilot,
            only_scale=0 if scale is None else names.index(scale) + 1,
        )
        with self._open(make=True) as journal, Watch(progress) as watch:
            plan = self._make_plan(_Runs(self, journal))
            options.progress = watch.pointer.contents
            call(_ffi.ockham_study_run, self._handle, plan, journal, ctypes.byref(options))

    def _find_trainer(self) -> bytes | None:
        if self.command is not None:
            return None
        os.stat(os.fsdecode(self._struct.corpus_path or self._struct.corpus or b""))  # before the work
        if (found := shutil.which("ockham")) is None:
            raise FileNotFoundError("the built-in trainer is run by the command `ockham`, which was not found in the PATH")
        return os.fsencode(found)

    # ---- answers ----

    def analyse(
        self,
        *,
        account: str = "iso-flop",
        level: float = 0.9,
        bootstraps: int = 1000,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress = None,
    ) -> Ablation:
        """What the runs say, as `ockham ablate report` tells it.

        account     how scales compare: "iso-flop", "iso-parameter" or "iso-time"
        level       of intervals, 0.5 to 0.999
        bootstraps  draws for intervals
        seed        of every random choice: the same seed gives the same bits for any number of threads
        """
        if account not in ACCOUNTS:
            raise ValueError(f"account must be one of {', '.join(ACCOUNTS)}, found {account!r}")
        options = _ffi.ockham_ablation_options(
            level=level,
            bootstraps=whole_number("bootstraps", bootstraps, 20, 1_000_000),
            seed=whole_number("seed", seed, 0, 2**64 - 1),
            threads=count_threads(threads),
            trainer=ctypes.pointer(self._trainer),
        )
        with self._open() as journal:
            runs = _Runs(self, journal)
            claims = (_ffi.ockham_journal_claimed_before(journal, c) for c in self._each_claim())
            after = [not before for before in claims] if journal else []
        if runs.n == 0:
            raise DataError(f"{self.journal}: nothing has been run yet")
        answers = self._analyse_all(runs, account, options, progress)
        try:
            plan = self._make_plan(runs)
        except (ValueError, RuntimeError):  # runs from elsewhere may fit none: then designs are not told
            plan = None
        given = {"account": (account, "iso-flop"), "level": (level, 0.9), "bootstraps": (bootstraps, 1000), "seed": (seed, 0)}
        said = [f"{name}={value!r}" for name, (value, usual) in given.items() if value != usual]
        command = f"ockham.Study({self._said}).analyse({', '.join(said)})"
        return Ablation(self, self._handle, runs, answers, ACCOUNTS.index(account), after, level, plan, command)

    def _each_claim(self) -> Iterator[Any]:
        return (ctypes.pointer(self._struct.claims[i]) for i in range(self._struct.n_claims))

    def _analyse_all(
        self, runs: _Runs, account: str, options: _ffi.ockham_ablation_options, progress: Progress
    ) -> list[Any]:
        """By each account; None for another than that asked for, where runs lack what it goes by."""
        answers: list[Any] = []
        with Watch(progress) as watch:
            options.progress = watch.pointer.contents
            for number, name in enumerate(ACCOUNTS):
                options.account = number
                answer = ctypes.POINTER(_ffi.ockham_ablation)()
                arguments = self._handle, runs.array, runs.n, ctypes.byref(options), ctypes.byref(answer)
                try:
                    call(_ffi.ockham_ablation_analyse, *arguments)
                except ValueError:
                    if name == account:
                        raise
                    answers.append(None)
                else:
                    answers.append(_owned(answer, _ffi.ockham_ablation_free))
        return answers


def _owned(pointer: Any, free: Any) -> Any:
    """A pointer of the library's that is given back with it."""
    weakref.finalize(pointer, free, type(pointer)(pointer.contents))
    return pointer


class _Runs:
    """A copy of the journal's: it may change, or go."""

    def __init__(self, study: Study, journal: Any) -> None:
        view, n = ctypes.POINTER(_ffi.ockham_run)(), ctypes.c_size_t()
        if journal:
            call(_ffi.ockham_journal_runs, journal, ctypes.byref(view), ctypes.byref(n))
        self.n, n_factors = n.value, len(study.factors)
        self.array = (_ffi.ockham_run * self.n)(*(view[i] for i in range(self.n)))
        self._levels = [(ctypes.c_uint8 * n_factors)(*(run.levels[f] for f in range(n_factors))) for run in self.array]
        for run, levels in zip(self.array, self._levels):
            run.levels = ctypes.cast(levels, ctypes.POINTER(ctypes.c_uint8))


# ---- runs from elsewhere ----


def _plain(value: Any) -> Any:
    """NumPy's numbers, for JSON."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"a study is of texts, numbers, lists and mappings, found {value!r}")


def _spell(value: Any) -> str:
    """As a table has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _flat(run: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Members of members are named a.b."""
    for name, value in run.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", _spell(value)


def _cells(row: Mapping[str, Any]) -> Any:
    struct = _ffi.ockham_study_setting
    cells = [struct(encode(name), encode(text)) for name, text in _flat(row)]
    return (struct * len(cells))(*cells)


def _rows(runs: Any) -> Iterator[Mapping[Any, Any]]:
    frames = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table", "RecordBatch"))
    if any(_is_of(runs, *names) for names in frames):
        columns = {column.name: column.as_texts() for column in read_columns(runs).columns}
        for cells in zip(*columns.values()):
            yield dict(zip(columns, cells))
        return
    if isinstance(runs, (str, bytes, Mapping)):
        raise TypeError(f"runs must be a data frame or a list of dicts, found {type(runs).__name__}")
    for i, run in enumerate(runs):
        if not isinstance(run, Mapping):
            raise TypeError(f"each run must be a dict, found {type(run).__name__} at {i}")
        yield run


# ---- the plan ----


@dataclass(frozen=True)
class StudyPlan:
    """What would be run. print() shows it in words; `ockham ablate plan` tells more of the design.

    scales        a dict each: name, held_out, runs, run_seconds, noise, degrees, detectable_loss, detectable_ceg, cells,
                  resolution, efficiency, aliases. None where something is not known before the first runs
    runs          a dict each, in their order: id, purpose, scale, the level of each factor, seed, rate (None: as probed),
                  flops, parameters, seconds (expected)
    n_waiting     runs that the journal lacks
    core_seconds  that all take; None: not known
    warnings      what weakens it, a line each
    """

    name: str
    question: str | None
    design: str
    factors: dict[str, list[str]]
    scales: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    n_waiting: int
    core_seconds: float | None
    over_budget: bool
    underpowered: bool
    warnings: list[str]

    @property
    def n_runs(self) -> int:
        return len(self.runs)

    def to_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "n_runs": self.n_runs}

    def __repr__(self) -> str:
        return f"<ockham.StudyPlan {self.name}: {self.n_runs} runs, {self.n_waiting} of them still to be run>"

    def __str__(self) -> str:
        head = f"{self.name}: {self.question}" if self.question else self.name
        width = max(len(name) for name in self.factors)
        factors = [f"  {name:{width}}  {', '.join(levels)}" for name, levels in self.factors.items()]
        seconds = self.core_seconds
        time = "not known before some are run" if seconds is None else f"{_duration(seconds)} of one core"
        lines = [head, "", "Factors (the first level is the baseline)", *factors, "", f"Design: {self.design}", *self._table()]
        lines += ["", f"{self.n_runs} runs, {self.n_waiting} of them still to be run; time of all: {time}"]
        return "\n".join([*lines, *(f"  beware: {text}" for text in self.warnings)])

    def _table(self) -> list[str]:
        head = ["Scale", "cells", "runs", "each", "noise (sd)", "detectable change", "detectable CEG"]
        rows = [head]
        for scale in self.scales:
            numbers = (_short(scale[name], digits) for name, digits in _SHOWN)
            each = "?" if scale["run_seconds"] is None else _duration(scale["run_seconds"])
            held = " (held out)" if scale["held_out"] else ""
            rows.append([scale["name"] + held, str(scale["cells"]), str(scale["runs"]), each, *numbers])
        widths = [max(len(row[j]) for row in rows) for j in range(len(head))]
        return ["  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)).rstrip() for row in rows]


_SHOWN = [("noise", ".4f"), ("detectable_loss", ".4f"), ("detectable_ceg", ".3g")]


def _short(value: float | None, digits: str) -> str:
    return "?" if value is None else format(value, digits)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _read_plan(study: Study, plan: _ffi.ockham_plan, n_waiting: int, done: _Runs) -> StudyPlan:
    runs = [plan.runs[i] for i in range(plan.n_runs)]
    dropped = ("outcome", "loss", "tokens", "slope")
    told = [{k: v for k, v in run.items() if k not in dropped or k in study.factors} for run in study._tell_runs(runs)]
    scales = [_read_scale(study, plan, s) for s in range(plan.n_scales)]
    return StudyPlan(
        name=study.name,
        question=study.question,
        design=study.design,
        factors=study.factors,
        scales=scales,
        runs=told,
        n_waiting=n_waiting,
        core_seconds=_known(plan.core_seconds),
        over_budget=bool(plan.over_budget),
        underpowered=bool(plan.underpowered),
        warnings=_warn(study, plan, scales, done),
    )


def _read_scale(study: Study, plan: _ffi.ockham_plan, s: int) -> dict[str, Any]:
    scale, design, name = plan.scales[s], plan.designs[s], list(study.scales)[s]
    return {
        "name": name,
        "held_out": name in study.held_out,
        "runs": int(scale.n_runs),
        "run_seconds": _known(scale.run_seconds),
        "noise": _known(scale.noise),
        "degrees": int(scale.degrees),
        "detectable_loss": _known(scale.detectable_loss),
        "detectable_ceg": _known(scale.detectable_ceg),
        "cells": int(design.n_cells),
        "resolution": int(design.resolution) or None,
        "efficiency": _known(design.efficiency),
        "aliases": [ctypes.string_at(design.aliases[i]).decode() for i in range(design.n_aliases)],
    }


def _warn(study: Study, plan: _ffi.ockham_plan, scales: list[dict[str, Any]], done: _Runs) -> list[str]:
    found = []
    struct = study._struct
    if len(scales) < 2:
        found.append("one scale only: no gain in compute, and nothing about how effects go on with scale")
    for scale in scales:
        if scale["resolution"] == 3:
            found.append(f"at {scale['name']} single changes are mixed up with pairs of others (resolution III)")
    if struct.seeds <= 1 and all(struct.scales[s].replicates <= 1 for s in range(struct.n_scales)):
        advice = "give scales `replicates`, or more seeds"
        found.append(f"nothing is run twice, so that no effect can be told from noise: {advice}")
    if done.n == 0:
        found.append("nothing has been run yet, so what this study can tell is not known")
    if plan.underpowered:
        found.append("it cannot tell a gain of less than 1.25 at any scale: give it more runs, seeds or replicates")
    if plan.over_budget:
        time = _duration(plan.core_seconds)
        found.append(f"it takes {time} of one core, and its budget is {struct.core_minutes:g} min")
    return found

# SPDX-License-Identifier: Apache-2.0
"""What the runs of a study say."""

from __future__ import annotations

import ctypes
from functools import cached_property
from html import escape
from typing import Any

from ockham import _ffi
from ockham._html import _table
from ockham._structs import encode
from ockham._told import Told


class Ablation(Told):
    """What each change does, what it is worth in compute, and how that goes on with scale: Study.analyse() finds it.

    verdicts  of each change, "position=rope" for one: "helps", "hurts", "negligible" or "undecided"
    trends    how its gain goes with scale: "stays", "grows", "vanishes", "turns" or "unknown"
    gains     the compute-equivalent gain with its interval, (value, low, high; None where it has no bound), at the
              largest scale that was not held out; None where it is not known
    costs     the parameters and FLOPs a token of the baseline with this change alone, over the baseline's: (1.02, 0.98);
              None where one is not known
    claims    "yes", "no" or "open" by the claim
    warnings  all that weakens the answers, a line each
    """

    _options = _ffi.ockham_ablation_report_options
    _report_text = staticmethod(_ffi.ockham_report_ablation)
    _report_page = staticmethod(_ffi.ockham_report_ablation_page)

    def __init__(
        self,
        study: Any,
        handle: Any,
        runs: Any,
        answers: list[Any],
        account: int,
        after: list[bool],
        level: float,
        plan: Any,
        command: str,
    ) -> None:
        self._study, self._handle, self._runs, self._answers, self._plan = study, handle, runs, answers, plan
        self._number, self._level, self._command = account, level, command
        self._after = (ctypes.c_bool * max(len(after), 1))(*after)

    def _account(self) -> _ffi.ockham_ablation_account:
        account = _ffi.ockham_ablation_account(
            study=self._handle,
            runs=self._runs.array,
            n_runs=self._runs.n,
            ablation=self._answers[self._number],
            account=self._number,
            claimed_after=self._after,
            level=self._level,
            plan=self._plan,
            command=encode(self._command),
        )
        for number, answer in enumerate(self._answers):
            if number != self._number and answer:
                account.beside[number] = answer
        return account

    @property
    def table(self) -> str:
        """The text with every pair of changes."""
        return self._text(every=True).rstrip("\n")

    def to_dict(self) -> dict[str, Any]:
        """The command's JSON (`ockham ablate report --json`), which docs/studies.md describes."""
        return super().to_dict()

    @cached_property
    def _found(self) -> dict[str, Any]:
        return self.to_dict()

    def _mains(self, member: str) -> dict[str, Any]:
        return {f"{m['factor']}={m['level']}": m[member] for m in self._found["mains"]}

    @property
    def verdicts(self) -> dict[str, str]:
        return self._mains("verdict")

    @property
    def trends(self) -> dict[str, str]:
        return self._mains("trend")

    @property
    def gains(self) -> dict[str, tuple[float, float | None, float | None] | None]:
        own = [not scale["held_out"] for scale in self._found["study"]["scales"]]
        return {name: _last_known(gains, own) for name, gains in self._mains("ceg").items()}

    @property
    def costs(self) -> dict[str, tuple[float | None, float | None]]:
        flops = self._mains("flops_per_token")
        return {name: (parameters, flops[name]) for name, parameters in self._mains("parameters").items()}

    @property
    def claims(self) -> dict[str, str]:
        return {claim["claim"]: claim["answer"] for claim in self._found["claims"]}

    @property
    def warnings(self) -> list[str]:
        return list(self._found["warnings"])

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {verdict}" for name, verdict in list(self.verdicts.items())[:6])
        return f"<ockham.Ablation: {told}{', …' if len(self.verdicts) > 6 else ''}>"

    def _repr_html_(self) -> str:
        name, *others = str(self).splitlines()
        gains, trends = self.gains, self.trends
        rows = [(change, verdict, _spell(gains[change]), trends[change]) for change, verdict in self.verdicts.items()]
        beware = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        text = escape("\n".join(others))
        return (
            f'<div class="ockham"><div style="font-size:150%;font-weight:600">{escape(name)}</div>'
            f"{_table(('change', 'verdict', 'gain in compute', 'with scale'), rows)}<ul>{beware}</ul>"
            f'<details><summary>all that is known</summary><pre style="line-height:1.3">{text}</pre></details></div>'
        )


def _last_known(gains: list[Any] | None, own: list[bool]) -> tuple[float, float | None, float | None] | None:
    """Of [value, low, high] a scale, of which `own` were not held out."""
    for (value, low, high), is_own in reversed(list(zip(gains or [], own))):
        if value is not None and is_own:
            return value, low, high
    return None


def _spell(gain: tuple[float, float | None, float | None] | None) -> str:
    if gain is None:
        return "–"
    low, high = ("no bound" if end is None else f"{end:.3g}" for end in gain[1:])
    return f"{gain[0]:.3g}× ({low} to {high})"

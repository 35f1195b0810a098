# SPDX-License-Identifier: Apache-2.0
"""The result as a notebook shows it: the sentences, the criteria, the clusters. No script, so that saved notebooks and
viewers that trust none show it too."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from ockham._clusters import Clusters

_MOST_CLUSTERS = 24
_MOST_COLUMNS = 8


def render(c: Clusters) -> str:
    answer, *reasons = c.why.splitlines()
    sentences = "".join(f"<div>{escape(reason.strip())}</div>" for reason in reasons)
    return (
        f'<div class="ockham"><div style="font-size:150%;font-weight:600">{escape(answer)}</div>'
        f'<div style="margin:.3em 0 .6em">{sentences}</div>{_clusters(c)}'
        f"<details><summary>what each criterion says</summary>{_criteria(c)}</details></div>"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def line(cells: Iterable[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table><thead>{line(head, 'th')}</thead><tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"


def _criteria(c: Clusters) -> str:
    rows = (
        (
            choice.criterion.title + (" ◄ decides" if choice.decides else ""),
            "–" if choice.k is None else str(choice.k),
            "" if choice.k is None else f"{choice.value:.5g}",
            "yes" if choice.criterion.can_say_one else "–",
        )
        for choice in c.criteria.choices
    )
    return _table(("criterion", "k", "value", "can say 1"), rows)


def _clusters(c: Clusters) -> str:
    weights = c.model.weights
    amounts = c.sizes if weights is None else weights
    names = [_short(name) for name in c.column_names[:_MOST_COLUMNS]]
    more = ["…"] if len(c.column_names) > _MOST_COLUMNS else []
    rows = []
    for j in range(min(c.k, _MOST_CLUSTERS)):
        weight = [] if weights is None else [f"{weights[j]:,.10g}"]
        center = [f"{x:.4g}" for x in c.centers[j, :_MOST_COLUMNS]]
        rows.append([str(j), f"{c.sizes[j]:,}", *weight, f"{100 * amounts[j] / amounts.sum():.1f} %", *center, *more])
    if c.k > _MOST_CLUSTERS:
        rows.append([f"… {c.k - _MOST_CLUSTERS} more"])
    return _table(["cluster", "rows", *([] if weights is None else ["weight"]), "share", *names, *more], rows)


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"

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
    n = int(c.sizes.sum())
    names = [_short(name) for name in c.column_names[:_MOST_COLUMNS]]
    more = ["…"] if len(c.column_names) > _MOST_COLUMNS else []
    rows = [
        [str(j), f"{size:,}", f"{100 * size / n:.1f} %", *(f"{x:.4g}" for x in center[:_MOST_COLUMNS]), *more]
        for j, (size, center) in enumerate(zip(c.sizes[:_MOST_CLUSTERS], c.centers))
    ]
    if c.k > _MOST_CLUSTERS:
        rows.append([f"… {c.k - _MOST_CLUSTERS} more"])
    return _table(["cluster", "rows", "share", *names, *more], rows)


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"

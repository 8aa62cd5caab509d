"""A table of counts, shaded by their share of the row: what is taken for what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from junco.pages.letters import cut
from junco.pages.style import words

_NAME_LETTERS = 18
_MOST_NAMED = 6
"""Columns up to which each has its name; of more their numbers stand above them."""


def matrix(title: str, names: Sequence[str], counts: npt.NDArray[np.int64]) -> str:
    """How often each row is taken for each column; what is right lies on the diagonal.

    Args:
        title: plain text.
        names: of rows and columns.
        counts: (n, n).
    """
    head = "".join(
        f'<th scope="col" title="{words(name)}">{_short(at, name, len(names))}</th>' for at, name in enumerate(names)
    )
    rows = "".join(_row(at, name, counts[at], len(names)) for at, name in enumerate(names))
    right = int(np.trace(counts)) / max(1, int(counts.sum()))
    return (
        f'<figure class="matrix"><figcaption><b>{words(title)}</b> <span class="faint">{right:.1%} right</span>'
        f'</figcaption><div class="scroll"><table><tr><th></th>{head}</tr>{rows}</table></div></figure>'
    )


def _short(at: int, name: str, count: int) -> str:
    return words(cut(name, _NAME_LETTERS)) if count <= _MOST_NAMED else str(at + 1)


def _row(at: int, name: str, counts: npt.NDArray[np.int64], count: int) -> str:
    total = max(1, int(counts.sum()))
    number = f'<span class="faint">{at + 1}</span> ' if count > _MOST_NAMED else ""
    said = f'<th scope="row" title="{words(name)}">{number}{words(cut(name, _NAME_LETTERS))}</th>'
    return f"<tr>{said}{''.join(_cell(int(each), total, column == at) for column, each in enumerate(counts))}</tr>"


def _cell(count: int, total: int, is_right: bool) -> str:
    if not count:
        return "<td></td>"
    share, colour = 12 + 68 * count / total, "var(--up)" if is_right else "var(--down)"
    return f'<td style="background:color-mix(in srgb,{colour} {share:.0f}%,transparent)">{count:,}</td>'

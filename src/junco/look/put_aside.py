"""Rejects: what the set's job put aside, with the reason of each."""

from __future__ import annotations

from junco.look.exchange import Request
from junco.look.frame import Frame, num_pages
from junco.look.looked import Looked
from junco.look.query import number_of
from junco.pages.letters import amount
from junco.pages.style import words
from junco.store.vectors import rows_of

PAGE_REJECTS = 100
_MOST_PAGE = 1_000_000
_MOST_LETTERS = 500


def put_aside(looked: Looked, frame: Frame, request: Request) -> str:
    """The page of rejects.

    Raises:
        InputError: the file is damaged, or an address that no page of ours leads to.
    """
    page = number_of(request.get("page", "1"), 1, _MOST_PAGE)
    if looked.rejects is None or not looked.rejects.is_file():
        return '<p class="faint">nothing was put aside</p>'
    table = rows_of([looked.rejects], ["input", "stage", "reason"])
    first = (page - 1) * PAGE_REJECTS
    rows = table.slice(min(first, len(table)), PAGE_REJECTS).to_pylist()
    pager = frame.pager("rejects", [], page, num_pages(len(table), PAGE_REJECTS))
    lines = "".join(
        f"<tr>{''.join(f'<td dir=auto>{words(_short(row[name]))}</td>' for name in ('input', 'stage', 'reason'))}</tr>"
        for row in rows
    )
    head = "<tr><th>input</th><th>stage</th><th>reason</th></tr>"
    told = f'<p class="faint">{amount(len(table), "input")} that the job put aside</p>'
    return f'{told}{pager}<div class="scroll"><table>{head}{lines}</table></div>{pager}'


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"

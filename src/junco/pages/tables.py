"""Tables of results: pictures, strips and texts, a line for each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from junco.pages.letters import amount
from junco.pages.markup import markup
from junco.pages.media import Media
from junco.pages.style import fragment, words
from junco.pages.values import LINE, fields_of, line

MOST_ROWS = 20


def row_html(names: Sequence[str], values: Sequence[Any]) -> str:
    """One named row, a line for each of its columns."""
    media = Media()
    shown = zip(names, values, strict=True)
    inner = "\n".join(f"<tr><th>{words(name)}</th><td>{_cell(value, media)}</td></tr>" for name, value in shown)
    return fragment(f'<div class="scroll"><table>{inner}</table></div>')


def rows_html(results: Sequence[Any]) -> str:
    """The first of a list of results: values, named rows, or for each item a list of these."""
    media = Media()
    parts = [f'<p class="faint">{amount(len(results), "result")}</p>']
    if any(isinstance(result, list) for result in results[:MOST_ROWS]):
        for index, result in enumerate(results[: MOST_ROWS // 2]):
            inner = _table(result, media, MOST_ROWS // 2) if isinstance(result, list) else _cell(result, media)
            parts.append(f'<section class="card"><header><h2>{index}</h2></header>{inner}</section>')
        parts += _more(len(results) - MOST_ROWS // 2, "result")
    else:
        parts.append(_table(results, media, MOST_ROWS))
    return fragment("\n".join(parts))


def _table(rows: Sequence[Any], media: Media, most: int) -> str:
    """A line for each result; named rows have a column for each of their values."""
    names = next((names for row in rows[:most] if isinstance(row, tuple) and (names := fields_of(row))), ())
    head = f"<tr><th></th>{''.join(f'<th>{words(name)}</th>' for name in names)}</tr>" if names else ""
    lines = []
    for index, row in enumerate(rows[:most]):
        values = row if names and isinstance(row, tuple) and len(row) == len(names) else (row,)
        cells = "".join(f"<td>{_cell(value, media)}</td>" for value in values)
        lines.append(f'<tr><td class="faint">{index}</td>{cells}</tr>')
    table = f'<div class="scroll"><table>{head}{"".join(lines)}</table></div>'
    return "\n".join([table, *_more(len(rows) - most, "row")])


def _more(count: int, what: str) -> Iterable[str]:
    return [f'<p class="faint">… {amount(count, f"more {what}")}</p>'] if count > 0 else []


def _cell(value: Any, media: Media) -> str:
    return markup(value, line(value, LINE), media, is_small=True)

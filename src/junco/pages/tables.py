"""Results: what they show together, then a table of them, a line for each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from junco.pages.letters import amount
from junco.pages.markup import is_tile, markup
from junco.pages.media import Media
from junco.pages.overview import overview
from junco.pages.style import fragment, words
from junco.pages.values import LINE, fields_of, line
from junco.pages.wholes import line_of

MOST_ROWS = 20


def row_html(names: Sequence[str], values: Sequence[Any]) -> str:
    """One named row, a line for each of its columns."""
    media = Media()
    together, columns = overview(names, [values], media)
    cells = _cells(values, columns, media)
    inner = "\n".join(f"<tr><th>{words(name)}</th>{cell}</tr>" for name, cell in zip(names, cells, strict=True))
    return fragment(f'{together}<div class="scroll"><table>{inner}</table></div>')


def rows_html(results: Sequence[Any]) -> str:
    """The first of a list of results: values, named rows, or for each item a list of these."""
    media = Media()
    parts = [f'<p class="faint">{amount(len(results), "result")}</p>']
    if any(isinstance(result, list) for result in results[:MOST_ROWS]):
        for index, result in enumerate(results[: MOST_ROWS // 2]):
            inner = _rows(result if isinstance(result, list) else [result], media, MOST_ROWS // 2)
            parts.append(f'<section class="card"><header><h2>{index}</h2></header>{inner}</section>')
        parts += _more(len(results) - MOST_ROWS // 2, "result")
    else:
        parts.append(_rows(results, media, MOST_ROWS))
    return fragment("\n".join(parts))


def _rows(rows: Sequence[Any], media: Media, most: int) -> str:
    """What rows show together, then a line for each; rows of one value that is on the sheet already have none."""
    names = next((names for row in rows[:most] if isinstance(row, tuple) and (names := fields_of(row))), ())
    cells = [row for row in rows if _is_named(row, names)] if names else [(row,) for row in rows]
    together, seen = overview(names or ("",), cells, media)
    if seen and not names and all(map(is_tile, rows)):
        return together
    return together + _table(names, rows, seen, media, most)


def _table(names: Sequence[str], rows: Sequence[Any], seen: set[int], media: Media, most: int) -> str:
    """A line for each result; named rows have a column for each of their values."""
    head = f"<tr><th></th>{''.join(f'<th>{words(name)}</th>' for name in names)}</tr>" if names else ""
    lines = []
    for index, row in enumerate(rows[:most]):
        cells = _cells(row, seen, media) if _is_named(row, names) else _cells((row,), set(), media)
        lines.append(f'<tr><td class="faint">{index}</td>{"".join(cells)}</tr>')
    table = f'<div class="scroll"><table>{head}{"".join(lines)}</table></div>'
    return "\n".join([table, *_more(len(rows) - most, "row")])


def _is_named(row: Any, names: Sequence[str]) -> bool:
    """Whether a row has the columns of the table; one that failed is an error or nothing."""
    return bool(names) and isinstance(row, tuple) and len(row) == len(names)


def _cells(values: Sequence[Any], seen: set[int], media: Media) -> list[str]:
    """The values of a row; what is seen above already is a line."""
    return [
        f'<td><span class="faint">{words(line_of(value))}</span></td>'
        if column in seen
        else f"<td>{markup(value, line(value, LINE), media, is_small=True)}</td>"
        for column, value in enumerate(values)
    ]


def _more(count: int, what: str) -> Iterable[str]:
    return [f'<p class="faint">… {amount(count, f"more {what}")}</p>'] if count > 0 else []

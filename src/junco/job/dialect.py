"""How a table of text is separated and quoted, and whether it has a header, by its first lines.

Tab-separated lists mostly have no quoting: a mark is part of the text, and pandas needs ``quoting=3`` for them. Others
are written by ``csv`` or a spreadsheet, which quote where they have to. Which it is the lines themselves tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from junco.errors import JobError
from junco.job.columns import is_known, listed
from junco.job.item import BadRow
from junco.job.quoting import Line, has_inner_quotes, quoted_records, split_literally
from junco.job.wanted import Wanted

SAMPLE_LINES, SAMPLE_CHARS = 1000, 2**20
ONE_COLUMN = "\x1f"
"""Stands for no separator at all."""
_SEPARATORS = (",", ";", "\t", "|")
_CALLED = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_EXCELS = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_ENOUGH = 0.5
"""So many of the rows have as many cells as the header, where that is one."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    Attributes:
        separator: between cells; `ONE_COLUMN` where there is only one.
        is_quoted: whether cells may stand in quotation marks, which are then no part of them.
        skips_blanks: whether blanks after a separator are no part of a cell.
        names: its header; empty where it has none.
        num_skipped: lines before the header, or before the first row where there is none.
        told: the same in words.
    """

    separator: str
    is_quoted: bool
    skips_blanks: bool
    names: tuple[str, ...]
    num_skipped: int
    told: str


class _Fit(NamedTuple):
    """How well a separator fits; the larger, the better."""

    is_known: bool
    share: float
    num_cells: int


def dialect_of(lines: Sequence[Line], name: str, wanted: Wanted) -> Dialect:
    """How a table is written, by its first lines.

    Args:
        lines: the first ones, not all of them empty.
        name: of the file.
        wanted: what columns are looked for.

    Raises:
        JobError: its columns cannot be told, or it has no header.
    """
    asked = wanted.reading.separator
    skip = next(at for at, line in enumerate(lines) if line.text.strip())
    if excels := _EXCELS.match(lines[skip].text):
        rest = lines[skip + 1 :]
        if not rest:
            raise JobError(f"{name} has no rows")
        return _dialect(rest, name, wanted, asked or excels[1], skip + 1)
    _check_no_remark(lines[skip:], name, wanted)
    if asked is not None and asked not in lines[skip].text:
        raise JobError(
            f"{name}: delimiter={asked!r} (--delimiter) is not in its first line, {lines[skip].text.strip()[:60]!r}: "
            "leave it away to have it found out"
        )
    if asked is not None:
        return _dialect(lines[skip:], name, wanted, asked, skip)
    return _dialect(lines[skip:], name, wanted, _separator(lines[skip:], name, wanted), skip)


def _dialect(lines: Sequence[Line], name: str, wanted: Wanted, separator: str, skip: int) -> Dialect:
    is_rule = separator in ",;" or (separator == ONE_COLUMN and _has_one_column(lines, name))
    is_quoted = is_rule or _is_quoted(lines, separator)
    names = next(records(lines, separator, name, is_quoted=is_quoted), None)
    if not isinstance(names, list):
        why = names.reason if isinstance(names, BadRow) else "nothing in it"
        raise JobError(f"{name} cannot be read: its first line is no header: {why}")
    told = f"separated by {_CALLED.get(separator, repr(separator))}" if separator != ONE_COLUMN else "one column"
    told += ", quotation marks taken as they stand" if not is_quoted and any('"' in line.text for line in lines) else ""
    skips_blanks = is_quoted and len(names) > 1 and all(each.startswith(" ") for each in names[1:])
    if is_header(names, wanted):
        names = [each.strip() for each in names] if skips_blanks else names
        return Dialect(separator, is_quoted, skips_blanks, tuple(names), skip, told)
    if len(names) > 1:
        raise JobError(
            f"{name} has no header, it seems, for its first line is {listed(names)}: put a line with the names of "
            "its columns above it; or, where they are the names, say which with column= (--column)"
        )
    told += (
        f", no header (the first line, {names[0][:40]!r}, is an input; if it is a name, give it as column=, --column)"
    )
    return Dialect(separator, is_quoted, False, (), skip, told)


def _check_no_remark(lines: Sequence[Line], name: str, wanted: Wanted) -> None:
    """Refuse a remark in the header's place.

    Raises:
        JobError: the first line begins with # and has no name that is known, and the first that does not has one.
    """
    rest = (line for line in lines if line.text.strip() and not line.text.lstrip().startswith("#"))
    head = next(rest, lines[0])
    if head.number == lines[0].number or _names_known(lines[0], wanted):
        return
    if _names_known(head, wanted):
        raise JobError(
            f"{name}: the first line is taken as the header, and {lines[0].text.strip()[:60]!r} is a remark, it seems: "
            f"remove what is above line {head.number}, {head.text.strip()[:60]!r}"
        )


def _names_known(line: Line, wanted: Wanted) -> bool:
    """Whether a cell of a line is the name of a known column, however it is separated."""
    return any(is_known(cell.strip().strip('"'), wanted) for sign in _SEPARATORS for cell in line.text.split(sign))


def records(lines: Sequence[Line], separator: str, name: str, *, is_quoted: bool) -> Iterator[list[str] | BadRow]:
    """The rows of some lines."""
    if is_quoted:
        return (cells for _, cells in quoted_records(iter(lines), separator, name, None))
    return (line.bad or split_literally(line.text, separator) for line in lines if line.bad or line.text.strip())


def _separator(lines: Sequence[Line], name: str, wanted: Wanted) -> str:
    """What stands between the cells: what cuts the header into the names that are wanted, and the rows like it."""
    order = _SEPARATORS
    if _is_of_tabs(name):
        order = ("\t", ",", ";", "|")
    fits = {sign: fit for sign in order if (fit := _fit(lines, sign, name, wanted)) is not None}
    if not fits:
        return ONE_COLUMN
    best = max(fits, key=lambda sign: fits[sign])  # of equals the first
    if fits[best].is_known or fits[best].share >= _ENOUGH:
        return best
    if is_known(lines[0].text, wanted):
        return ONE_COLUMN
    raise JobError(
        f"{name} cannot be read: its lines have not as many cells as its first, {lines[0].text.strip()[:60]!r}, "
        "however they are separated; where each line is an input, name it .txt"
    )


def _has_one_column(lines: Sequence[Line], name: str) -> bool:
    """Whether each line is one cell by the rules of RFC 4180, which quotes what has a comma."""
    if _is_of_tabs(name):
        return False
    found = list(records(lines, ",", name, is_quoted=True))
    whole = found[:-1] if len(found) > 2 else found  # the last may be cut off
    return all(isinstance(cells, list) and len(cells) == 1 for cells in whole)


def _is_of_tabs(name: str) -> bool:
    return PurePosixPath(name).name.lower().partition(".")[2].startswith(("tsv", "tab"))


def _fit(lines: Sequence[Line], separator: str, name: str, wanted: Wanted) -> _Fit | None:
    """``None`` where the header has not several cells."""
    found = [cells for cells in records(lines, separator, name, is_quoted=True) if isinstance(cells, list)]
    head = found[0] if found else []
    if len(head) < 2 or separator not in lines[0].text:
        return None
    same = sum(len(cells) == len(head) for cells in found[1:])
    share = round(same / (len(found) - 1), 1) if len(found) > 1 else 1.0
    return _Fit(any(is_known(cell, wanted) for cell in head), share, len(head) if share >= _ENOUGH else 0)


def _is_quoted(lines: Sequence[Line], separator: str) -> bool:
    """Whether quotation marks around cells are no part of them, where that is not the rule."""
    literal = [line.text.rstrip("\r\n").split(separator) for line in lines if line.text.strip()]
    width = len(literal[0])
    marked = [cell for cells in literal for cell in cells if cell.startswith('"')]
    if not marked:
        return False
    quoted = list(records(lines, separator, "", is_quoted=True))
    is_fine = all(isinstance(cells, list) and len(cells) == width for cells in quoted[:-1])  # the last may be cut off
    if not is_fine:
        return False
    if any(len(cells) != width for cells in literal):  # a tab or a line's end within marks
        return True
    is_head = all(cell.startswith('"') and cell.endswith('"') for cell in literal[0])
    if is_head or any(has_inner_quotes(cell) for cell in marked):
        return True
    text = "".join(line.text for line in lines)
    return any(_stands_quoted(cell, text) for cells in quoted if isinstance(cells, list) for cell in cells)


def _stands_quoted(cell: str, text: str) -> bool:
    """Whether a cell of several lines has doubled marks there."""
    return '"' in cell and "\n" in cell and f'"{cell.replace(chr(34), chr(34) * 2)}"' in text


def is_header(cells: Sequence[str], wanted: Wanted) -> bool:
    """Whether a line holds the names of columns, and not the first values."""
    if wanted.names_columns or any(is_known(cell, wanted) for cell in cells):
        return True
    if len(cells) == 1:
        words = cells[0].split()
        return _is_name(cells[0]) and (len(words) == 1 or (len(words) == 2 and cells[0].istitle()))
    return all(_is_name(cell) for cell in cells if cell.strip()) and any(cell.strip() for cell in cells)


def _is_name(text: str) -> bool:
    """Whether a text may be the name of a column: short, no number, no path or address, no sentence."""
    text = text.strip()
    try:
        float(text.replace(",", "."))
    except ValueError:
        is_short = 0 < len(text) <= 64 and not any(sign in text for sign in "/\\\n")
        return is_short and text[-1] not in ".!?,;" and re.search(r"\.[A-Za-z]{3,4}$", text) is None
    return False

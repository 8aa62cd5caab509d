"""``.csv``, ``.tsv`` and their like: tables of text, however they are separated and quoted."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from junco.errors import JobError
from junco.job.choice import Choice
from junco.job.columns import choose
from junco.job.dialect import SAMPLE_CHARS, SAMPLE_LINES, Dialect, dialect_of, records
from junco.job.item import BadRow
from junco.job.quoting import Line, literal_records, quoted_records
from junco.job.texts import lines_of, opened_text
from junco.job.wanted import Wanted

_SAMPLE = 64


def rows_of_separated(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs that such a table holds.

    Raises:
        JobError: its columns cannot be told, or the wanted one is not there.
    """
    text, done = opened_text(file, name, wanted)
    lines = _decoded(text, name)
    sample = _first(lines)
    if not any(line.text.strip() for line in sample):
        return
    dialect = dialect_of(sample, name, wanted)
    choice = _chosen(dialect, sample, name, wanted)
    wanted.tell(f"{name}: {', '.join(part for part in (*done, dialect.told, choice.told) if part)}")
    found = _records(islice(chain(sample, lines), dialect.num_skipped, None), dialect, name)
    if dialect.names:
        next(found, None)
    yield from _picked(found, dialect, choice, name, wanted)


def _chosen(dialect: Dialect, lines: Sequence[Line], name: str, wanted: Wanted) -> Choice:
    """The columns to take; where there is no header, the only one."""
    if dialect.names:
        return choose(dialect.names, wanted, name, sample=lambda at: _column(dialect, lines, at))
    if len(wanted.columns) > 1:
        raise JobError(f"{name} has one column without a name; the pipeline takes {', '.join(wanted.columns)}")
    return Choice((0,), ("text",), "")


def _column(dialect: Dialect, lines: Sequence[Line], at: int) -> list[str]:
    """The first cells of a column."""
    rows = records(lines[dialect.num_skipped :][: _SAMPLE + 1], dialect.separator, "", is_quoted=dialect.is_quoted)
    cells = [row for row in rows if isinstance(row, list)]
    return [row[at] for row in cells[1:] if at < len(row)]


def _decoded(text: io.BufferedReader, name: str) -> Iterator[Line]:
    """Its lines; bytes that are not UTF-8 stay in their cells, and are bad only in one that is wanted."""
    for number, line in lines_of(text, name):
        if isinstance(line, BadRow):
            yield Line(number, "", line)
        else:
            yield Line(number, line.decode("utf-8", "surrogateescape"))


def _first(lines: Iterator[Line]) -> list[Line]:
    """The first lines, by which all are judged."""
    found: list[Line] = []
    num_chars = 0
    for line in lines:
        found.append(line)
        num_chars += len(line.text)
        if len(found) >= SAMPLE_LINES or num_chars >= SAMPLE_CHARS:
            break
    return found


def _records(lines: Iterator[Line], dialect: Dialect, name: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    width = len(dialect.names) or 1
    if dialect.is_quoted:
        return quoted_records(lines, dialect.separator, name, width, skips_blanks=dialect.skips_blanks)
    return literal_records(lines, dialect.separator, name, width)


def _picked(
    found: Iterator[tuple[int, list[str] | BadRow]], dialect: Dialect, choice: Choice, name: str, wanted: Wanted
) -> Iterator[Any]:
    width = len(dialect.names) or 1
    for line, cells in found:
        if isinstance(cells, BadRow):
            yield cells
        elif not any(cells):
            yield BadRow(f"{name}, line {line}", b"", "nothing in it")
        elif len(cells) < width or any(cells[width:]):  # of half a row nobody can say which cells it has
            content = dialect.separator.join(cells).encode("utf-8", "surrogateescape")
            there = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
            yield BadRow(f"{name}, line {line}", content, f"{there}, and the header has {width}")
        else:
            yield choice.pick_cells(cells, f"{name}, line {line}", wanted)

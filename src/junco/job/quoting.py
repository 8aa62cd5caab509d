"""Rows of separated texts: literal ones, and quoted ones whose bad quotation marks cost their own line and no other."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from junco.errors import JobError
from junco.job.item import BadRow
from junco.job.texts import MOST_LINE_BYTES

_INNER = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')
_NOT_QUOTED = "and this table's marks are taken as they stand: quote every cell, or none and break no line within one"
_MOST_IN_VAIN = 4 * MOST_LINE_BYTES
"""So much may be read twice because of marks that are not closed."""


class Line(NamedTuple):
    """A line with its end; ``bad`` where it cannot be one."""

    number: int
    text: str
    bad: BadRow | None = None


def split_literally(line: str, separator: str) -> list[str]:
    """The cells of a line in which marks are part of the text, but around a cell with doubled ones: nobody writes such
    a thing who does not mean quotation.
    """
    cells = line.rstrip("\r\n").split(separator)
    if '""' not in line:
        return cells
    return [cell[1:-1].replace('""', '"') if has_inner_quotes(cell) else cell for cell in cells]


def literal_records(
    lines: Iterator[Line], separator: str, name: str, width: int
) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Rows in which marks are part of the text, each with its line.

    A mark that opens a cell, and that closes in a later line so that there are ``width`` cells, which its lines by
    themselves have not, was meant as quotation: of such a record no line is a row. Nor is one that ends too early
    after such a mark.
    """
    source = _Ahead(lines)
    for line in source:
        if line.bad is not None:
            yield line.number, line.bad
            continue
        if not line.text.strip("\r\n"):
            continue
        cells = split_literally(line.text, separator)
        record = source.quoted(line, separator, width) if '"' in line.text and any(map(_is_open, cells)) else []
        yield from ((part.number, _part_of(record, part, name)) for part in record)
        if not record:
            is_cut = len(cells) < width and _is_open(cells[-1])
            yield line.number, _part_of([line], line, name) if is_cut else cells


def _part_of(record: Sequence[Line], line: Line, name: str) -> BadRow:
    """A line in which a cell begins or ends that was meant to be quoted."""
    place = f"{name}, line {line.number}"
    why = f"a part of a cell in quotation marks that opens in line {record[0].number}, {_NOT_QUOTED}"
    return BadRow(place, line.text.encode("utf-8", "surrogateescape"), why)


def _is_open(cell: str) -> bool:
    """Whether a cell begins with a mark that does not close in it."""
    return cell.startswith('"') and cell.count('"') % 2 == 1


class _Ahead:
    """Lines that can be looked at before their turn."""

    def __init__(self, source: Iterator[Line]) -> None:
        self.source = source
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._back.popleft() if self._back else next(self.source)

    def quoted(self, first: Line, separator: str, width: int) -> list[Line]:
        """The lines of a record that begins with this one and is meant to be quoted; else none, and none are taken."""
        taken: list[Line] = []
        csv.field_size_limit(2 * MOST_LINE_BYTES)
        try:
            cells = next(csv.reader(self._texts(first, taken), delimiter=separator, strict=True))
        except (csv.Error, StopIteration):
            cells = []
        record = [line for line in (first, *taken) if line.text.strip("\r\n")]
        if taken and len(cells) == width and any(line.text.count(separator) != width - 1 for line in (first, *taken)):
            return record
        self._back.extendleft(reversed(taken))
        return []

    def _texts(self, first: Line, taken: list[Line]) -> Iterator[str]:
        yield first.text
        num_chars = len(first.text)
        for line in self:
            taken.append(line)
            num_chars += len(line.text)
            if line.bad is not None or num_chars > MOST_LINE_BYTES:
                return
            yield line.text


def has_inner_quotes(cell: str) -> bool:
    """Whether a cell is quoted and has doubled marks within."""
    return len(cell) >= 4 and cell[0] == '"' and cell[-1] == '"' and _INNER.fullmatch(cell) is not None


def quoted_records(
    lines: Iterator[Line], separator: str, name: str, width: int | None, *, skips_blanks: bool = False
) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Rows by the rules of RFC 4180, each with its line.

    Where it ``skips_blanks``, blanks after a separator are no part of a cell. A record that breaks the rules, or that
    goes over several lines and then has not ``width`` cells, is its first line alone: the others are read anew.

    Raises:
        JobError: marks are left open too often.
    """
    csv.field_size_limit(2 * MOST_LINE_BYTES)  # one for the whole process; `_Taken` has its own
    taken = _Taken(lines, name)
    reader = csv.reader(taken, delimiter=separator, skipinitialspace=skips_blanks, strict=True)
    while True:
        taken.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLongError) as error:
            if not taken.lines:
                return
            yield taken.first_only(_reason(error))
            continue
        first = taken.lines[0]
        if first.bad is not None:
            yield taken.first_only("", first.bad)
        elif width is not None and len(taken.lines) > 1 and len(cells) != width:
            yield taken.first_only(f"with the lines after it, it has {len(cells)} cells and the header {width}")
        elif cells:
            yield first.number, cells


def _reason(error: Exception) -> str:
    said = str(error)
    if isinstance(error, _TooLongError) or "end of data" in said:
        return "a quotation mark that is not closed"
    return f"a quotation mark in a wrong place ({said})" if "expected after" in said else said


class _TooLongError(Exception):
    """A record has no end in sight."""


class _Taken:
    """Lines for a reader of records, which can be given back."""

    def __init__(self, source: Iterator[Line], name: str) -> None:
        self.source, self.name = source, name
        self.lines: list[Line] = []
        self._back: deque[Line] = deque()
        self._num_chars = self._num_in_vain = 0

    def begin(self) -> None:
        """A new record."""
        self.lines, self._num_chars = [], 0

    def first_only(self, reason: str, bad: BadRow | None = None) -> tuple[int, BadRow]:
        """The record's first line as one that is none; the others come again."""
        first, others = self.lines[0], self.lines[1:]
        self._back.extendleft(reversed(others))
        self._num_in_vain += sum(len(line.text) for line in others)
        if self._num_in_vain > _MOST_IN_VAIN:
            raise JobError(
                f"{self.name} cannot be read: its quotation marks are not closed (line {first.number}); where they are "
                "part of the texts, separate it by tabs"
            )
        content = first.text.encode("utf-8", "surrogateescape")
        return first.number, bad or BadRow(f"{self.name}, line {first.number}", content, reason)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self.source)
        if line.bad is not None and self.lines:  # within a record that is open
            self._back.appendleft(line)
            raise _TooLongError
        self.lines.append(line)
        self._num_chars += len(line.text)
        if self._num_chars > MOST_LINE_BYTES and len(self.lines) > 1:
            raise _TooLongError
        return line.text

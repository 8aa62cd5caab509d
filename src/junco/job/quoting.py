"""Rows of separated texts: literal ones, and quoted ones whose bad quotation marks cost their own line and no other."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from junco.errors import JobError
from junco.job.item import BadRow
from junco.job.texts import MOST_LINE_BYTES

_INNER = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')
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

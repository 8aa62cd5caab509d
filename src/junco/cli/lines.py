"""``-``: what a command is given, line by line, on stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from junco.errors import InputError

STDIN = "-"


def spread(values: Iterable[str]) -> Iterator[str]:
    """The values that were given, with the lines of stdin in the place of a ``-``.

    Raises:
        InputError: stdin holds none.
    """
    for value in values:
        if value != STDIN:
            yield value
            continue
        lines = list(lines_of_stdin())
        if not lines:
            raise InputError("- reads stdin, and stdin holds nothing: give one a line")
        yield from lines


def lines_of_stdin() -> Iterator[str]:
    """The lines that are not empty, as they come."""
    for line in sys.stdin:
        if line.strip():
            yield line.rstrip("\r\n")

"""What operators note of the rows of a batch: which they have cut, which were empty, which hold much that is unknown,
which repeat others, of which something had to be assumed.

An operator keeps them, by thread, until whoever runs the batch takes them: single calls do little else, and so pay no
more for it than a look at an empty dictionary. What nobody takes, of a `batch` that somebody calls directly, counts
nowhere.
"""

from __future__ import annotations

import operator as python
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Literal, get_args

from junco.errors import ContractError

Word = Literal["cut", "empty", "unknown", "repeated", "assumed"]
Noted = Mapping[str, Set[int]]
"""By the word, which rows of a batch."""

NOTHING: Noted = {}
"""Of nearly all batches."""

By = dict[int, dict[str, set[int]]]
"""What an operator has noted of the batch that it is at work on: by the thread that runs it, and the word."""


def note(operator: Any, word: Word, rows: Iterable[int]) -> None:
    """Say that an operator, at work on a batch in the calling thread, has found this of rows.

    Raises:
        ContractError: there is no such word, or what is given are no rows' numbers.
    """
    if word not in (words := get_args(Word)):
        raise ContractError(f"{operator.name!r} noted {word!r}, which is none of {', '.join(map(repr, words))}")
    if numbers := {_number(operator, row) for row in rows}:
        operator._noted.setdefault(get_ident(), {}).setdefault(word, set()).update(numbers)


def _number(operator: Any, row: Any) -> int:
    try:
        if not isinstance(row, bool):
            return python.index(row)
    except TypeError:
        pass
    raise ContractError(f"{operator.name!r} noted something of the row {row!r}: give the rows' numbers in the batch")


def set_aside(noted: By) -> dict[str, set[int]] | None:
    """What was noted so far in the calling thread: by the batch within which another begins, or by nobody's."""
    return noted.pop(get_ident(), None)


def put_back(noted: By, before: dict[str, set[int]] | None) -> None:
    """Go on with what was set aside."""
    noted.pop(get_ident(), None)
    if before is not None:
        noted[get_ident()] = before


@contextmanager
def aside(operator: Any) -> Iterator[None]:
    """A batch of an operator within another's: what it notes is nobody's, and what it had noted is kept."""
    before = set_aside(operator._noted)
    try:
        yield
    finally:
        put_back(operator._noted, before)


def taken(operator: Any, num_rows: int) -> Noted:
    """What an operator has noted of a batch of so many rows in the calling thread.

    Raises:
        ContractError: there is no such row.
    """
    noted: Noted = operator._noted.pop(get_ident(), NOTHING)
    for word, rows in noted.items():
        for row in rows:
            if not 0 <= row < num_rows:
                raise ContractError(
                    f"{operator.name!r} noted {word!r} of row {row} in a batch of {num_rows}: the first is 0"
                )
    return noted


def shifted(noted: Noted, start: int) -> Noted:
    """The same of rows that lie so many further on."""
    return {word: {start + row for row in rows} for word, rows in noted.items()}


def joined(first: Noted, second: Noted) -> Noted:
    """What was noted of one part of the rows and of another."""
    if not (first and second):
        return first or second
    return {word: first.get(word, set()) | second.get(word, set()) for word in {**first, **second}}


def until(noted: Noted, row: int) -> Noted:
    """What was noted of the rows before that one."""
    return {word: {each for each in rows if each < row} for word, rows in noted.items()}

"""What operators note of the rows of a batch: which they have cut, and which were empty.

Whoever runs a batch collects what is noted while it runs, in the same thread and by that very operator; elsewhere
nobody listens, and nothing is kept.
"""

from __future__ import annotations

import operator as python
import threading
from collections.abc import Iterable, Mapping, Set
from typing import Any, Literal, get_args

from junco.errors import ContractError

Word = Literal["cut", "empty"]
Noted = Mapping[str, Set[int]]
"""By the word, which rows of a batch."""

NOTHING: Noted = {}
"""Of nearly all batches."""


class _Thread(threading.local):
    collector: Collector | None = None


_mine = _Thread()


class Collector:
    """Takes down what an operator notes in the calling thread, until its `end`.

    A class of its own and no context manager: it is there for each batch, and most have one row.
    """

    __slots__ = ("_before", "_noted", "_operator")

    def __init__(self, operator: object) -> None:
        self._operator = operator
        self._noted: dict[str, set[int]] | None = None
        self._before = _mine.collector
        _mine.collector = self

    def end(self) -> None:
        """Listen no more."""
        _mine.collector = self._before

    def taken(self, num_rows: int) -> Noted:
        """What was noted of a batch of so many rows.

        Raises:
            ContractError: there is no such row.
        """
        if self._noted is None:
            return NOTHING
        for word, rows in self._noted.items():
            if rows and not (min(rows) >= 0 and max(rows) < num_rows):
                name = getattr(self._operator, "name", "")
                wrong = next(row for row in sorted(rows) if not 0 <= row < num_rows)
                raise ContractError(
                    f"{name!r} noted {word!r} of row {wrong} in a batch of {num_rows}: they count from 0"
                )
        return self._noted

    def add(self, word: str, rows: set[int]) -> None:
        """Take down that this is so of rows."""
        self._noted = self._noted or {}
        self._noted.setdefault(word, set()).update(rows)

    def is_for(self, operator: object) -> bool:
        """Whether it was set up for an operator."""
        return self._operator is operator


def note(operator: Any, word: Word, rows: Iterable[int]) -> None:
    """Say that an operator, at work on a batch in the calling thread, has found this of rows.

    Raises:
        ContractError: there is no such word, or what is given are no rows' numbers.
    """
    if word not in get_args(Word):
        raise ContractError(
            f"{operator.name!r} noted {word!r}, which is none of {', '.join(map(repr, get_args(Word)))}"
        )
    numbers = {_number(operator, row) for row in rows}
    collector = _mine.collector
    if numbers and collector is not None and collector.is_for(operator):
        collector.add(word, numbers)


def _number(operator: Any, row: Any) -> int:
    try:
        if not isinstance(row, bool):
            return python.index(row)
    except TypeError:
        pass
    raise ContractError(f"{operator.name!r} noted something of the row {row!r}: give the rows' numbers in the batch")


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

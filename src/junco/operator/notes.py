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

Collected = list[Any]
"""An operator, and what it has noted so far: pairs of a word and rows. A plain list: there is one for each batch."""


class Listening(threading.local):
    """Whose notes the calling thread takes down.

    ``before, listening.to = listening.to, [operator]`` begins, ``listening.to = before`` ends, and `taken` says what
    there was: written out where it is used, since single calls do little else.
    """

    to: Collected | None = None


listening = Listening()


def note(operator: Any, word: Word, rows: Iterable[int]) -> None:
    """Say that an operator, at work on a batch in the calling thread, has found this of rows.

    Raises:
        ContractError: there is no such word, or what is given are no rows' numbers.
    """
    if word not in (words := get_args(Word)):
        raise ContractError(f"{operator.name!r} noted {word!r}, which is none of {', '.join(map(repr, words))}")
    numbers = {_number(operator, row) for row in rows}
    collected = listening.to
    if numbers and collected is not None and collected[0] is operator:
        collected.append((word, numbers))


def _number(operator: Any, row: Any) -> int:
    try:
        if not isinstance(row, bool):
            return python.index(row)
    except TypeError:
        pass
    raise ContractError(f"{operator.name!r} noted something of the row {row!r}: give the rows' numbers in the batch")


def taken(collected: Collected, num_rows: int) -> Noted:
    """What was noted of a batch of so many rows; a row of which it was noted twice counts once.

    Raises:
        ContractError: there is no such row.
    """
    operator, *pairs = collected
    noted: Noted = NOTHING
    for word, rows in pairs:
        for row in rows:
            if not 0 <= row < num_rows:
                raise ContractError(
                    f"{operator.name!r} noted {word!r} of row {row} in a batch of {num_rows}: the first is 0"
                )
        noted = joined(noted, {word: rows})
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

"""Whose rows are worked on: so that what an operator notes of them counts for that stage, and no other.

An operator in memory serves stages of several pipelines. Whoever works for one says so in his thread, and what is
noted beneath him is his, unless somebody else says so further in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from junco.engine.stats import StageStats
from junco.forks import ForkedLock
from junco.operator.notes import Noted
from junco.wording import picture

_T = TypeVar("_T")
MOST_NAMED = 3
"""Inputs that are shown of those of which a word was noted: which are meant, not all of them."""
_LONGEST_NAME = 200
_UNNAMED: frozenset[str] = frozenset({"repeated"})
"""What is noted of many, and of each on purpose."""


@dataclass(slots=True)
class Sum:
    """Of how many rows a word was noted, and pictures of the first of them."""

    number: int = 0
    named: tuple[str, ...] = ()


Sums = dict[str, dict[str, Sum]]
"""By the name of a stage and the word, what was noted of its rows."""

_adding = ForkedLock()


@dataclass(frozen=True, slots=True)
class Counted:
    """A stage at work.

    Attributes:
        stats: what it has done in all runs.
        sums: what was noted in one run, where it is one.
        outer: the stage of another pipeline in which this one's is a step.
    """

    stats: StageStats
    sums: Sums | None = None
    outer: Counted | None = None

    def add(self, noted: Noted, columns: Sequence[Sequence[Any]]) -> None:
        """Count rows of which something was noted; ``columns`` hold them."""
        named = {word: _named(rows, columns) for word, rows in noted.items() if word not in _UNNAMED}
        with _adding():
            counted: Counted | None = self
            while counted is not None:
                counted._add(noted, named)
                counted = counted.outer

    def of(self, stats: StageStats) -> Counted:
        """Another stage of the same run."""
        return Counted(stats, self.sums, self.outer)

    def _add(self, noted: Noted, named: Mapping[str, Sequence[str]]) -> None:
        self.stats.num_cut += len(noted.get("cut", ()))
        self.stats.num_empty += len(noted.get("empty", ()))
        self.stats.num_unknown += len(noted.get("unknown", ()))
        self.stats.num_repeated += len(noted.get("repeated", ()))
        self.stats.num_assumed += len(noted.get("assumed", ()))
        for word, names in named.items():  # whoever has read it before keeps what he has
            self.stats.named = {**self.stats.named, word: _joined(self.stats.named.get(word, ()), names)}
        if self.sums is not None:
            own = self.sums.setdefault(self.stats.name, {})
            for word, rows in noted.items():
                total = own.setdefault(word, Sum())
                total.number += len(rows)
                total.named = _joined(total.named, named.get(word, ()))


def _named(rows: Iterable[int], columns: Sequence[Sequence[Any]]) -> list[str]:
    """Pictures of the first of these rows."""
    return [", ".join(picture(column[row], _LONGEST_NAME) for column in columns) for row in sorted(rows)[:MOST_NAMED]]


def _joined(named: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    return (*named, *(name for name in more if name not in named))[:MOST_NAMED]


class _Thread(threading.local):
    counted: Counted | None = None
    item: Sequence[Any] = ()


_mine = _Thread()


def now_counted() -> Counted | None:
    """The stage that the calling thread works for."""
    return _mine.counted


@contextmanager
def counted_for(counted: Counted | None) -> Iterator[None]:
    """For as long as this lasts, the calling thread works for that stage."""
    before = _mine.counted
    _mine.counted = counted
    try:
        yield
    finally:
        _mine.counted = before


def drawn_of(item: Sequence[Any], draw: Callable[..., _T], *arguments: Any) -> _T:
    """What ``draw`` gives, while the calling thread draws the rows of that item, a value of each column.

    No context manager: it is called for each row, and would take longer than most of these.
    """
    mine = _mine
    before, mine.item = mine.item, item
    try:
        return draw(*arguments)
    finally:
        mine.item = before


def calls_counted_for(one: Callable[..., Any], counted: Counted) -> Callable[..., Any]:
    """A step's callable whose calls count for that stage: written out, since single calls do little else."""
    mine = _mine

    @wraps(one)
    def called(*item: Any) -> Any:
        before = mine.counted
        mine.counted = counted
        try:
            return one(*item)
        finally:
            mine.counted = before

    return called


def count(noted: Noted, columns: Sequence[Sequence[Any]] | None = None) -> None:
    """Count rows of which something was noted, for the stage that the calling thread works for.

    Args:
        noted: of which rows what.
        columns: the rows; ``None``: the item that the thread is drawing of.
    """
    if noted and _mine.counted is not None:
        _mine.counted.add(noted, [(value,) for value in _mine.item] if columns is None else columns)

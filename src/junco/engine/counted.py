"""Whose rows are worked on: so that what an operator notes of them counts for that stage, and no other.

An operator in memory serves stages of several pipelines. Whoever works for one says so in his thread, and what is
noted beneath him is his, unless somebody else says so further in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from junco.engine.stats import StageStats
from junco.operator.notes import Noted

Sums = dict[str, dict[str, int]]
"""By the name of a stage and the word, of how many rows it was noted."""

_adding = threading.Lock()


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

    def add(self, noted: Noted) -> None:
        """Count rows of which something was noted."""
        with _adding:
            counted: Counted | None = self
            while counted is not None:
                counted._add(noted)
                counted = counted.outer

    def of(self, stats: StageStats) -> Counted:
        """Another stage of the same run."""
        return Counted(stats, self.sums, self.outer)

    def _add(self, noted: Noted) -> None:
        self.stats.num_cut += len(noted.get("cut", ()))
        self.stats.num_empty += len(noted.get("empty", ()))
        self.stats.num_unknown += len(noted.get("unknown", ()))
        self.stats.num_repeated += len(noted.get("repeated", ()))
        self.stats.num_assumed += len(noted.get("assumed", ()))
        if self.sums is not None:
            own = self.sums.setdefault(self.stats.name, {})
            for word, rows in noted.items():
                own[word] = own.get(word, 0) + len(rows)


class _Thread(threading.local):
    counted: Counted | None = None


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


def count(noted: Noted) -> None:
    """Count rows of which something was noted, for the stage that the calling thread works for."""
    if noted and _mine.counted is not None:
        _mine.counted.add(noted)

"""Who goes first where several wait for one operator, until when a call waits, and who waits for whom.

Lanes: single calls go before batches, batches before bulk jobs.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from itertools import count
from threading import get_ident
from typing import NamedTuple

from junco.errors import DeadlineError

_mine = threading.local()
Threads = tuple[int, ...]


class Lane(IntEnum):
    """How urgent a piece of work is; the smaller number goes first."""

    ONLINE = 0
    BATCH = 1
    BULK = 2


def lane() -> Lane:
    """The lane that the calling thread works in; a single call's, unless it is at work for a run."""
    return getattr(_mine, "lane", Lane.ONLINE)


@contextmanager
def in_lane(lane: Lane) -> Iterator[None]:
    """For as long as this lasts, the calling thread works in that lane."""
    before = getattr(_mine, "lane", Lane.ONLINE)
    _mine.lane = lane
    try:
        yield
    finally:
        _mine.lane = before


@contextmanager
def until(deadline_s: float | None) -> Iterator[None]:
    """For as long as this lasts, the calling thread waits for nobody beyond that time on the monotonic clock."""
    before = getattr(_mine, "until_s", None)
    _mine.until_s = deadline_s if before is None or deadline_s is None else min(before, deadline_s)
    try:
        yield
    finally:
        _mine.until_s = before


def left_s() -> float | None:
    """Seconds that the calling thread may still wait; ``None`` is for ever.

    Raises:
        DeadlineError: there are none left.
    """
    until_s = getattr(_mine, "until_s", None)
    if until_s is None:
        return None
    if (left := until_s - time.monotonic()) <= 0:
        raise DeadlineError("the call's time was over before its turn came")
    return float(left)


def waiting_for_me() -> Threads:
    """The threads that wait for what the calling thread is at work on, maybe inside an operator, and that itself."""
    return (*getattr(_mine, "waiting", ()), get_ident())


class working_for:  # noqa: N801  (used as a function would be)
    """For as long as this lasts, the calling thread is at work on what those threads wait for."""

    def __init__(self, waiting: Threads) -> None:
        self._waiting = waiting

    def __enter__(self) -> None:
        self._before: Threads = getattr(_mine, "waiting", ())
        _mine.waiting = self._waiting

    def __exit__(self, *error: object) -> None:
        _mine.waiting = self._before


class _Place(NamedTuple):
    """A thread's place among those who wait for a lock; the smaller one goes first."""

    lane: int
    number: int
    waiting: Threads
    woken: threading.Event


class RankedLock:
    """A lock that goes to the most urgent of those who wait; in one lane, to whoever came first.

    Whoever has it may take it again. `release` by whoever has it hands it over: nobody can slip in between. He may be
    waiting for others whose work needs it too: an operator that calls its own pipeline. They have it meanwhile, one at
    a time, and it is his again when they are done.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._owner = 0
        self._depth = 0
        self._lent: list[tuple[int, int]] = []
        """Owners, with their depths, who wait for those who have it now."""
        self._waiting: list[_Place] = []
        self._numbers = count()

    def acquire(self) -> None:
        """Wait for the lock, in the calling thread's lane.

        Raises:
            DeadlineError: its time was over first.
        """
        me = get_ident()
        with self._mutex:
            if self._owner in (0, me):
                self._owner, self._depth = me, self._depth + 1
                return
            waiting = waiting_for_me()
            if self._owner in waiting:
                self._lent.append((self._owner, self._depth))
                self._owner, self._depth = me, 1
                return
            place = _Place(int(lane()), next(self._numbers), waiting, threading.Event())
            heapq.heappush(self._waiting, place)
        try:
            while not place.woken.wait(left_s()):
                pass  # `left_s` raises when nothing is left
        except BaseException:  # too late, or Ctrl-C: leave the queue, or hand on what was handed over meanwhile
            self._leave(place)
            raise

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it, the calling thread itself neither; never waits."""
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            if self._owner:
                return False
            self._owner, self._depth = get_ident(), 1
            return True
        finally:
            self._mutex.release()

    def release(self) -> None:
        """Let go of it once; the last time it is handed over."""
        me = get_ident()
        with self._mutex:
            if me != self._owner:  # he does not wait for those any more to whom he lent it
                self._take_back(me)
                return
            self._depth -= 1
            if self._depth:
                return
            heir = self._heir() if self._waiting else None
            if heir is None:
                self._owner, self._depth = self._lent.pop() if self._lent else (0, 0)
                return
            self._waiting.remove(heir)
            heapq.heapify(self._waiting)
            self._owner, self._depth = heir.waiting[-1], 1
        heir.woken.set()

    def _heir(self) -> _Place | None:
        """Who has it next (with the mutex held): of a lent lock, those for whom its last lender waits."""
        if not self._lent:
            return self._waiting[0]
        lender, _ = self._lent[-1]
        return min((place for place in self._waiting if lender in place.waiting), default=None)

    def _take_back(self, lender: int) -> None:
        """One lease less of a lender's, the last one first (with the mutex held)."""
        at = max(i for i, (owner, _) in enumerate(self._lent) if owner == lender)
        owner, depth = self._lent[at]
        self._lent[at : at + 1] = [(owner, depth - 1)] if depth > 1 else []

    def is_for_me(self) -> bool:
        """Whether it is had by someone who waits for what the calling thread does, or by that thread itself."""
        waiting = waiting_for_me()
        with self._mutex:
            return self._owner in waiting or any(owner in waiting for owner, _ in self._lent)

    def _leave(self, place: _Place) -> None:
        with self._mutex:
            if place in self._waiting:
                self._waiting.remove(place)
                heapq.heapify(self._waiting)
                return
        self.release()

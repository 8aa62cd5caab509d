"""Who goes first where several wait for one operator, and until when a call waits.

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

from junco.errors import DeadlineError

_mine = threading.local()


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


class RankedLock:
    """A lock that goes to the most urgent of those who wait; in one lane, to whoever came first.

    Whoever has it may take it again. `release` by whoever has it hands it over: nobody can slip in between.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._owner = 0
        self._depth = 0
        self._waiting: list[tuple[int, int, int, threading.Event]] = []
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
            woken = threading.Event()
            place = (int(lane()), next(self._numbers), me, woken)
            heapq.heappush(self._waiting, place)
        try:
            if not woken.wait(left_s()):
                left_s()
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
        with self._mutex:
            self._depth -= 1
            if self._depth:
                return
            if not self._waiting:
                self._owner = 0
                return
            _, _, self._owner, woken = heapq.heappop(self._waiting)
            self._depth = 1
        woken.set()

    def _leave(self, place: tuple[int, int, int, threading.Event]) -> None:
        with self._mutex:
            if place in self._waiting:
                self._waiting.remove(place)
                heapq.heapify(self._waiting)
                return
        self.release()

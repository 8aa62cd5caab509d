"""How urgent a piece of work is, until when a call waits, and who waits for whom."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from threading import get_ident

from junco.errors import DeadlineError

_mine = threading.local()


class Waiter:
    """A thread that waits for what others do, for as long as it is there: it may go on before they have done it."""

    __slots__ = ("is_there", "thread")

    def __init__(self, thread: int) -> None:
        self.thread, self.is_there = thread, True


class _Loop(Waiter):
    """Stands for what an event loop's thread does while others work for the loop."""

    __slots__ = ("num_calls",)

    def __init__(self, thread: int) -> None:
        super().__init__(thread)
        self.num_calls = 0


Waiters = tuple[Waiter, ...]
waiting_of: dict[int, Waiters] = {}
"""By thread, who waits for what it is at work on; of those who work for themselves there is none."""


class Lane(IntEnum):
    """How urgent a piece of work is: single calls, batches and streams, jobs."""

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


def waiting_for_me() -> Waiters:
    """Those who wait for what the calling thread is at work on, maybe inside an operator, and that itself."""
    me = get_ident()
    return (*waiting_of.get(me, ()), Waiter(me))


@contextmanager
def begun_by_loop() -> Iterator[Waiters]:
    """For as long as this lasts, others work for an event loop that the calling thread runs; those who wait for that.

    The loop waits for them with what its thread took before it ran, not with what it takes meanwhile: its own calls
    are work of their own, and are marked so.
    """
    thread = get_ident()
    before = waiting_of.get(thread, ())
    if before and isinstance(before[-1], _Loop):
        outer, loop = before[:-1], before[-1]
    else:
        outer, loop = before, _Loop(thread)
        waiting_of[thread] = (*before, loop)
    loop.num_calls += 1
    one = Waiter(thread)
    try:
        yield (*outer, one)
    finally:
        one.is_there = False
        loop.num_calls -= 1
        if not loop.num_calls:
            _leave_out(thread, loop)


def _leave_out(thread: int, loop: _Loop) -> None:
    left = tuple(one for one in waiting_of.get(thread, ()) if one is not loop)
    if left:
        waiting_of[thread] = left
    else:
        waiting_of.pop(thread, None)


class working_for:  # noqa: N801  (used as a function would be)
    """For as long as this lasts, the calling thread is at work on what those wait for."""

    def __init__(self, waiting: Waiters) -> None:
        self._waiting = waiting

    def __enter__(self) -> None:
        self._before = waiting_of.get(get_ident(), ())
        waiting_of[get_ident()] = self._waiting

    def __exit__(self, *error: object) -> None:
        if self._before:
            waiting_of[get_ident()] = self._before
        else:
            del waiting_of[get_ident()]


def _renew() -> None:
    """A forked child has none of its parent's threads but this one."""
    mine = waiting_of.get(get_ident(), ())
    waiting_of.clear()
    if mine:
        waiting_of[get_ident()] = mine


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

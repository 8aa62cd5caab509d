"""Turns: a Python callable is called by one thread at a time, also where a pipeline uses itself."""

from __future__ import annotations

import threading
from threading import get_ident

from junco.operator.lanes import left_s

_mine = threading.local()
Threads = tuple[int, ...]


def waiting_for_me() -> Threads:
    """The threads that wait for what the calling thread is at work on, maybe inside a callable, and that itself."""
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


class Turn:
    """A lock that threads take in turn.

    Whoever has it may be waiting for others whose work needs it too: a pipeline that uses itself. They do not wait for
    him, which would be for ever, but take turns among themselves.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner = self._depth = 0
        self._inner: Turn | None = None

    def take(self) -> Turn:
        """Wait for the turn; what to release when it is over."""
        if not self._lock.acquire(False):  # by position: a tenth of a microsecond for each single call
            if self._owner in getattr(_mine, "waiting", ()):
                self._inner = self._inner or Turn()
                return self._inner.take()
            while not self._lock.acquire(timeout=left if (left := left_s()) is not None else -1):
                pass  # `left_s` raises when nothing is left
        self._owner = get_ident()
        self._depth += 1
        return self

    def release(self) -> None:
        """Let the next one take it. Until he says who he is nobody has it, not the one before."""
        self._depth -= 1
        if not self._depth:
            self._owner = 0
        self._lock.release()

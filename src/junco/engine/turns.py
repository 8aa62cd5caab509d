"""Turns: a Python callable is called by one thread at a time, also where a pipeline uses itself."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from threading import get_ident
from typing import Any

from junco.operator.lanes import left_s, waiting_for_me


class Turn:
    """A lock that threads take in turn.

    Whoever has it may be waiting for others whose work needs it too: a pipeline that uses itself. They do not wait for
    him, which would be for ever, but take turns among themselves.
    """

    def __init__(self, of: Callable[..., Any] | None = None) -> None:
        self._of = of
        self._lock = threading.RLock()
        self._owner = self._depth = 0
        self._inner: Turn | None = None

    def take(self) -> Turn:
        """Wait for the turn; what to release when it is over."""
        if not self._lock.acquire(False):  # by position: a tenth of a microsecond for each single call
            if self._owner in waiting_for_me():
                with _finding:
                    inner = self._inner = self._inner or Turn()
                return inner.take()
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


_turns: weakref.WeakValueDictionary[tuple[int, int], Turn] = weakref.WeakValueDictionary()
"""By the identity of a callable, which the turn itself keeps alive."""
_finding = threading.RLock()  # the garbage collector may come by


def turn_of(fn: Callable[..., Any]) -> Turn:
    """The turn of a callable: one, whichever pipelines and steps it stands in."""
    method = getattr(fn, "__func__", None)
    key = (id(fn), 0) if method is None else (id(method), id(getattr(fn, "__self__", None)))
    with _finding:
        turn = _turns.get(key)
        if turn is None:
            turn = _turns[key] = Turn(fn)
        return turn


def _renew() -> None:
    """In a forked child: nobody else is inside a callable."""
    global _turns, _finding
    _turns, _finding = weakref.WeakValueDictionary(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

"""Turns: a Python callable is called by one thread at a time, in whichever pipelines and steps it stands."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from junco.operator.gate import Gate

_turns: weakref.WeakValueDictionary[tuple[int, int], Gate] = weakref.WeakValueDictionary()
"""By the identity of a callable, which the turn itself keeps alive."""
_finding = threading.RLock()  # the garbage collector may come by


def turn_of(fn: Callable[..., Any]) -> Gate:
    """The turn of a callable: one, whichever pipelines and steps it stands in."""
    method = getattr(fn, "__func__", None)
    key = (id(fn), 0) if method is None else (id(method), id(getattr(fn, "__self__", None)))
    with _finding:
        turn = _turns.get(key)
        if turn is None:
            turn = _turns[key] = Gate(of=fn)
        return turn


def _renew() -> None:
    """In a forked child: nobody else is inside a callable."""
    global _turns, _finding
    _turns, _finding = weakref.WeakValueDictionary(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

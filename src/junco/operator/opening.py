"""How long a thread has waited for operators to be opened, so that this is not taken for work on rows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

Span = tuple[float, float]
"""From when to when, on the clock of `time.perf_counter`."""


class _Mine(threading.local):
    seconds = 0.0
    last: Span = (0.0, 0.0)
    is_opening = False


_mine = _Mine()


def opened_s() -> float:
    """Seconds that this thread has spent on opening so far, those of waiting for another one that opens included."""
    return _mine.seconds


def last_opened() -> Span:
    """When this thread has last waited for an operator to be opened."""
    return _mine.last


@contextmanager
def opening() -> Iterator[None]:
    """Count what is done inside; an operator that opens others counts once."""
    if _mine.is_opening:
        yield
        return
    started, _mine.is_opening = perf_counter(), True
    try:
        yield
    finally:
        _mine.is_opening = False
        _mine.last = started, perf_counter()
        _mine.seconds += _mine.last[1] - started

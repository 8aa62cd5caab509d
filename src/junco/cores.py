"""How many cores this process has, and how many of them its threads leave free for one that wants several."""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path
from types import TracebackType

from junco.cgroups import ROOT, core_quota

_lock = threading.Lock()
_mine = threading.local()
_num_busy = 0


def num_cores(root: Path = ROOT) -> int:
    """Cores that this process may use (not the machine's: containers and ``taskset`` count).

    Part of a core counts as one. ``root`` is where the file system with the limits of containers begins.
    """
    here = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        here = min(here, len(os.sched_getaffinity(0)))
    quota = core_quota(root)
    return here if quota is None else min(here, math.ceil(quota))


_turns = threading.BoundedSemaphore(num_cores())


def num_free() -> int:
    """Cores that no other thread is at work on: the caller's own, and those that idle."""
    with _lock:
        num_others = _num_busy - _is_busy()[0]
    return max(1, num_cores() - num_others)


def core_share() -> threading.BoundedSemaphore:
    """Hold it to be one of as many threads as there are cores; a thread must not take a second one inside.

    For work of some milliseconds in the threads of callers, who may be many: all at once they would take the caches
    from each other, and the time from the stage that comes after.
    """
    return _turns


class at_work:  # noqa: N801  (used as a function would be)
    """For as long as this lasts, the calling thread keeps one core busy. Once inside another one it changes nothing."""

    def __enter__(self) -> None:
        global _num_busy
        self._thread = _is_busy()
        self._is_first = not self._thread[0]
        if self._is_first:
            self._thread[0] = True
            with _lock:
                _num_busy += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _num_busy
        if self._is_first:  # not always in the thread that entered: a generator may be closed by another one
            self._thread[0] = False
            with _lock:
                _num_busy -= 1


def _is_busy() -> list[bool]:
    """The calling thread's own mark."""
    mark: list[bool] | None = getattr(_mine, "mark", None)
    if mark is None:
        mark = _mine.mark = [False]
    return mark


def _renew() -> None:
    """A forked child has none of its parent's threads, and must not wait for locks that they held."""
    global _lock, _num_busy, _turns
    _lock, _num_busy = threading.Lock(), int(_is_busy()[0])
    _turns = threading.BoundedSemaphore(num_cores())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

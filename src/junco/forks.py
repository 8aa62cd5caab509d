"""`ForkedLock`: a lock that a forked child has anew."""

from __future__ import annotations

import os
import threading
import weakref


class ForkedLock:
    """``with lock():`` lets one thread at a time in, the same one more than once.

    In a forked child the thread that was inside is not there, and a plain lock that it held would never be free again.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _all.add(self)

    def __call__(self) -> threading.RLock:
        """The lock of this process."""
        return self._lock

    def renew(self) -> None:
        """In a forked child."""
        self._lock = threading.RLock()


_all: weakref.WeakSet[ForkedLock] = weakref.WeakSet()


def _renew() -> None:
    for lock in list(_all):
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

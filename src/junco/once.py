"""`Once`: a value that is made when it is first asked for, by one thread, and kept."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Makes a value at the first call; other threads wait for it. What fails is tried again at the next call."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self.made: Made | None = None
        """The value, if it has been made."""
        _all.add(self)

    def __call__(self) -> Made:
        if (made := self.made) is None:
            with self._lock:
                made = self.made
                if made is None:
                    made = self.made = self._make()
        return made

    def renew(self) -> None:
        """In a forked child: the thread that was making the value is not there, and its lock would never be free."""
        self._lock = threading.RLock()


_all: weakref.WeakSet[Once[Any]] = weakref.WeakSet()


def _renew() -> None:
    for once in list(_all):
        once.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

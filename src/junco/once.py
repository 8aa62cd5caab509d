"""`Once`: a value that is made when it is first asked for, by one thread, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from junco.forks import ForkedLock

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Makes a value at the first call; other threads wait for it. What fails is tried again at the next call."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._lock = ForkedLock()
        self.made: Made | None = None
        """The value, if it has been made."""

    def __call__(self) -> Made:
        if (made := self.made) is None:
            with self._lock():
                made = self.made
                if made is None:
                    made = self.made = self._make()
        return made

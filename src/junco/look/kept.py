"""`Kept`: values that take long to make, each made once, the least recently used ones forgotten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from junco.once import Once

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by their keys; who asks for one that is being made waits for it.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Once[Value]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there."""
        with self._lock:
            once = self._values.setdefault(key, Once(make))
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return once()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key, if it is there."""
        with self._lock:
            once = self._values.get(key)
        return None if once is None else once.made

"""The order of blocks: which key comes next, whoever is ready first."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

Key = tuple[int, ...]
Held = TypeVar("Held")


def next_key(key: Key, ends: tuple[bool, ...]) -> Key:
    """The key that follows: the next sibling, or the next of the nearest ancestor that has one."""
    if not key:
        return key
    at = len(key) - 1
    while at > 0 and ends[at]:
        at -= 1
    return (*key[:at], key[at] + 1, *(0 for _ in key[at + 1 :]))


class BlockOrder(Generic[Held]):
    """Holds what came early and gives it out in order. Keys all have one length."""

    def __init__(self) -> None:
        self._heap: list[tuple[Key, Held]] = []
        self._next: Key | None = None

    def push(self, key: Key, held: Held) -> None:
        """Take something that belongs at ``key``."""
        heapq.heappush(self._heap, (key, held))

    def peek(self) -> Held | None:
        """What is next, if it is here."""
        if not self._heap:
            return None
        key, held = self._heap[0]
        return held if key == (self._next or tuple(0 for _ in key)) else None

    def next(self) -> Held:
        """What is next; it must be here."""
        held = self.peek()
        assert held is not None
        return held

    def pop(self, ends: tuple[bool, ...]) -> Held:
        """Take out what is next; ``ends`` are its own."""
        key, held = heapq.heappop(self._heap)
        self._next = next_key(key, ends)
        return held

    def __len__(self) -> int:
        return len(self._heap)

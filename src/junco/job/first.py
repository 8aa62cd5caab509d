"""`First`: the first inputs of a source, for a job that is tried on some of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Generic, TypeVar

Read = TypeVar("Read")


class First(Generic[Read]):
    """The first of a source's inputs.

    Args:
        items: the source.
        most: how many; ``None``: all.

    Attributes:
        is_cut: whether the source has more. It is known when they are drawn.
    """

    def __init__(self, items: Iterator[Read], most: int | None) -> None:
        self._items, self._most, self.is_cut = items, most, False

    def __iter__(self) -> Iterator[Read]:
        yield from islice(self._items, self._most)
        if self._most is not None:
            self.is_cut = any(True for _ in self._items)

"""`LazyItem`: an item of a data set that is asked for when it is worked on, so that not all of them lie in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from junco.wording import NOT_OURS, brief, picture, printable

_CHANNELS = (1, 3, 4)
_LIGHT = (str, os.PathLike, bool, int, float, type(None))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LazyItem:
    """An item of a data set, by its number. It is equal to itself in the same data set.

    Attributes:
        source: gives a row for a number.
        number: of the row.
        field: of the row, its place or name; ``None``: the row itself is the item.
    """

    source: Any
    number: int
    field: int | str | None = None

    def value(self) -> Any:
        """The item itself; pictures that are tensors of torch become arrays (height, width, channels).

        Raises:
            Exception: whatever the data set raises.
        """
        row = self.source[self.number]
        return plain_item(row if self.field is None else row[self.field])

    def _key(self) -> tuple[int, int, int | str | None]:
        return id(self.source), self.number, self.field

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LazyItem) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"item {self.number:,}"


@dataclass(frozen=True, slots=True, repr=False)
class Unavailable:
    """What stands in the place of an item that its data set could not give; no operator takes it.

    Attributes:
        reason: why.
    """

    reason: str

    def __repr__(self) -> str:
        return printable(f"<nothing: {self.reason}>")


def asked(item: Any) -> Any:
    """The item; one that is lazy is asked for, and `Unavailable` where that fails."""
    if not isinstance(item, LazyItem):
        return item
    try:
        return item.value()
    except NOT_OURS as error:  # a file that is cut off, in somebody's own data set
        return Unavailable(brief(error))


def all_asked(items: Iterable[Any]) -> list[Any] | Iterator[Any]:
    """Items for a pipeline: as they are, or one after the other where some have to be asked for."""
    items = items if isinstance(items, list) else [*items]
    return map(asked, items) if any(isinstance(item, LazyItem) for item in items) else items


def is_heavy(value: Any) -> bool:
    """Whether many such values should not lie in memory all at once: pictures, arrays, sounds, bytes."""
    return not isinstance(value, _LIGHT)


def plain_item(value: Any) -> Any:
    """A tensor of torch as an array, of a picture with the channels last; all else as it is."""
    if not (type(value).__module__.partition(".")[0] in ("torch", "torchvision") and hasattr(value, "detach")):
        return value
    array = value.detach().cpu().numpy()
    is_picture = array.ndim == 3 and array.shape[0] in _CHANNELS and array.shape[2] not in _CHANNELS
    return array.transpose(1, 2, 0) if is_picture else array


def called(item: Any, place: int) -> str:
    """What to call an item in a message: its path or text, or its place among the others, from 0."""
    return picture(item) if isinstance(item, (str, os.PathLike)) else f"item {place:,} ({picture(item, 40)})"

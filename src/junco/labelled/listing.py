"""An iterable as a list, however it gives its values; one that does not end is found out before memory is full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from junco.engine.sizes import num_bytes_of
from junco.errors import DataError
from junco.labelled.indexed import is_indexed
from junco.memory import memory_bytes

MOST_ITEMS = 20_000_000
"""Of an iterable: more are taken for no end."""
_SHARE_OF_MEMORY = 0.5
_WEIGHED = 256
"""Of so many values one is weighed."""


def listed(data: Any, most: int | None = None) -> list[Any]:
    """All values of an iterable, or of what gives them by their number.

    Args:
        data: what gives values.
        most: so many at most; ``None``: `MOST_ITEMS`.

    Raises:
        DataError: it is no iterable, or has more values than there may be, or than memory holds.
    """
    most = MOST_ITEMS if most is None else most
    room, held = int(memory_bytes() * _SHARE_OF_MEMORY), 0
    found: list[Any] = []
    for number, value in enumerate(_values(data)):
        if number >= most:
            raise DataError(
                f"the data has more than {most:,} items, or no end: give a part of it, or a table in a file"
            )
        if number % _WEIGHED == 0:
            held += num_bytes_of(value) * _WEIGHED
        if held > room:
            raise DataError(
                f"the first {number + 1:,} items of the data take about {held / 1e9:,.1f} GB, more than half of the "
                "memory: give paths, or a data set that gives items by their number, which are read one by one"
            )
        found.append(value)
    return found


def _values(data: Any) -> Iterator[Any]:
    if is_indexed(data):
        return (data[at] for at in range(len(data)))
    try:
        return iter(data)
    except TypeError:
        raise DataError(f"data is a folder, a table or an iterable, not {type(data).__name__}") from None

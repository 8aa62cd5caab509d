"""How many bytes values take, measured on a few of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

SAMPLE = 3


def num_bytes_of(value: Any) -> int:
    """Bytes of a value: the buffer of an array, the length of bytes and text, a rough figure for the rest."""
    nbytes = getattr(value, "nbytes", None)
    if isinstance(nbytes, int):
        return nbytes
    if (image := getattr(value, "image", None)) is not None:
        return num_bytes_of(image)
    if isinstance(value, (list, tuple)):
        return 64 + sum(num_bytes_of(child) for child in value[:SAMPLE]) * len(value) // max(1, min(SAMPLE, len(value)))
    return sys.getsizeof(value, 64)


def column_bytes(values: Sequence[Any]) -> int:
    """Bytes of a column, from its first, middle and last values."""
    if not values:
        return 0
    sample = {0, len(values) // 2, len(values) - 1}
    return sum(num_bytes_of(values[i]) for i in sample) * len(values) // len(sample)

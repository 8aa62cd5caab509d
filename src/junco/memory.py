"""Memory: whether it ran out."""

from __future__ import annotations


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception, anybody's, says that memory ran out, here or on a device."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"

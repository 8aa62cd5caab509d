"""Who keeps threads for later: they are told when a pipeline closes.

They make themselves known when they are imported, so that to close imports nothing: the garbage collector may do it, in
any thread.
"""

from __future__ import annotations

from collections.abc import Callable

_keepers: list[Callable[[], None]] = []


def keeps_threads(rest: Callable[[], None]) -> Callable[[], None]:
    """Note a function that ends threads which have nothing to do, and waits for nothing."""
    _keepers.append(rest)
    return rest


def let_rest() -> None:
    """Have all threads end that have nothing to do."""
    for rest in _keepers:
        rest()

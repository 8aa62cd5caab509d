"""`Latch`: an event for one thread, whose wait Ctrl-C may end at any moment without harm to others."""

from __future__ import annotations

import threading
from contextlib import suppress


class Latch:
    """Set, cleared and waited for by one thread.

    ``threading.Event`` takes and leaves a lock of its own in Python code: an interrupt between two of its lines leaves
    that lock as it should not be, for whoever sets the event. Here it is one lock, whose waiting is one C call.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()  # while it is taken, it is not set

    def is_set(self) -> bool:
        """Whether a wait would end at once."""
        return not self._lock.locked()

    def set(self) -> None:
        """End the wait of the one thread, now or when it comes to wait."""
        with suppress(RuntimeError):  # it is set
            self._lock.release()

    def clear(self) -> None:
        """Let the next wait last."""
        self._lock.acquire(blocking=False)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is set, so long at most; whether it was."""
        is_set = self._lock.acquire(
            timeout=-1 if timeout_s is None else min(max(0.0, timeout_s), threading.TIMEOUT_MAX)
        )
        if is_set:
            self.set()  # it stays so
        return is_set

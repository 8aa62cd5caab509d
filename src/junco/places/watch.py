"""`Watch`: ends what is read from a server when its time is over, however slowly that drips."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Watch:
    """A time limit for everything that goes over some sockets; a time-out of a socket begins anew with each byte.

    Args:
        seconds: after so many the sockets are shut, and whoever reads from them gets nothing more.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.is_over = seconds, False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._ends_at = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Seconds until the time is over; 0 when it is."""
        return max(0.0, self._ends_at - time.monotonic())

    def add(self, connected: socket.socket) -> None:
        """Take a socket in; one that comes when the time is over is shut at once."""
        self._sockets.append(connected)  # first, so that whoever comes second sees what the other did
        if self.is_over:
            _shut(connected)

    def _cut(self) -> None:
        self.is_over = True
        for connected in list(self._sockets):
            _shut(connected)

    def __enter__(self) -> Self:
        self._ends_at = time.monotonic() + self.seconds
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):  # closed by now
        connected.shutdown(socket.SHUT_RDWR)

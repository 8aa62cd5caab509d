"""A connection: whoever opens one and does not come to the end of a request's head is let go."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 20.0
"""A request's first lines are here within so many seconds."""
MOST_HEAD = 65_536
"""Bytes of them."""
MOST_DRAINED = 32 << 20
"""Bytes of a body that are still taken when its answer is out, so that whoever sends sees the answer."""


class Connection(HttpToolsProtocol):
    """Uvicorn's, with limits for the part of a request that comes before any route can have one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._head: int | None = 0
        self._drained = 0
        self._is_whole = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; a head without an end ends the connection."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > MOST_HEAD:
            self.transport.close()
        elif not self._is_whole and self.cycle is not None and self.cycle.response_complete:
            self._drain(len(data))

    def _drain(self, num_bytes: int) -> None:
        """A body goes on that nobody reads any more: for so many bytes and seconds, and no longer."""
        if not self._drained:
            self._wait()
        self._drained += num_bytes
        if self._drained > MOST_DRAINED:
            self.transport.close()

    def on_message_complete(self) -> None:
        """A body has ended."""
        self._is_whole = True
        if self._drained:
            self._drained = 0
            self._stop()
        super().on_message_complete()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head = self._head or 0
        self._wait()

    def on_headers_complete(self) -> None:
        """A head is whole: what follows has limits of its own."""
        self._head, self._is_whole = None, False
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._stop()
        self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

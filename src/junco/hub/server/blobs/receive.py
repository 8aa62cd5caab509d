"""A request's body, to a file: within its limits of bytes and time, and never whole in memory."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from junco.hub.server.faults import Fault, bad_request, too_large

IDLE_S = 30.0
"""A sender that says nothing for so long has gone."""
GRACE_S, SLOWEST = 60.0, 1_000
"""After so many seconds a body has come at so many bytes a second, or never will."""
_TOGETHER = 1 << 20


@dataclass(slots=True)
class Received:
    """A file that came in.

    Attributes:
        path: where it is, until it is placed or thrown away.
        size: in bytes.
        sha256: of what came in this request.
    """

    path: Path
    size: int
    sha256: str

    def discard(self) -> None:
        """Throw it away, if it is still there."""
        self.path.unlink(missing_ok=True)


async def receive(request: Request, folder: Path, limit: int, what: str = "the body") -> Received:
    """The body as a new file.

    Raises:
        Fault: it is too large, too slow, or not whole.
    """
    path = folder / f"{secrets.token_hex(16)}.incoming"
    try:
        size, sha256 = await append(request, path, limit, what)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path, size, sha256)


async def append(request: Request, path: Path, limit: int, what: str) -> tuple[int, str]:
    """Put the body behind what a file holds: the bytes that came, and their sha256.

    Raises:
        Fault: it is too large, too slow, or not whole. What had come stays in the file.
    """
    request.scope["junco.limit"] = limit
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        raise too_large(f"{what} has {int(said):,} bytes", limit)
    digest, size = hashlib.sha256(), 0
    with path.open("ab") as file:
        try:
            async for piece in _pieces(request):
                size += len(piece)
                if size > limit:
                    raise too_large(what, limit)
                await run_in_threadpool(_write, file, digest, piece)
        except ClientDisconnect:
            raise bad_request(f"{what} ended after {size:,} bytes, before its end") from None
    if said.isdigit() and int(said) != size:
        raise bad_request(f"{what} has {size:,} bytes, Content-Length says {said}")
    return size, digest.hexdigest()


def _write(file: IO[bytes], digest: Any, piece: bytes) -> None:
    digest.update(piece)
    file.write(piece)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a thread's while."""
    stream, began, total = request.stream().__aiter__(), time.monotonic(), 0
    held: list[bytes] = []
    size = 0
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), IDLE_S)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise too_slow() from None
        held.append(piece)
        size += len(piece)
        if size >= _TOGETHER:
            yield b"".join(held)
            total, held, size = total + size, [], 0
        gone = time.monotonic() - began
        if gone > GRACE_S and (total + size) / gone < SLOWEST:
            raise too_slow()
    if held:
        yield b"".join(held)


def too_slow() -> Fault:
    """Of a sender that keeps a connection and sends nothing."""
    return Fault(408, "too-slow", f"nothing came for {IDLE_S:.0f} s, or less than {SLOWEST:,} bytes a second")

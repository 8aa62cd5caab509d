"""A request's body, to a file: within its limits of bytes and time, and never whole in memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from junco.hub.server.faults import Fault, bad_request, too_large

IDLE_S = 30.0
"""A sender that says nothing for so long has gone."""
GRACE_S, SLOWEST = 60.0, 1_000
"""After so many seconds a body has come at so many bytes a second, or never will."""
_TOGETHER = 1 << 20
_DISK_BYTES = 32 << 20
"""After so many the disk is told to begin: otherwise all of it waits at the end."""


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
    with path.open("ab") as file:
        behind = _Behind(file)
        try:
            async for pieces in _pieces(request):
                if behind.size + sum(map(len, pieces)) > limit:
                    raise too_large(what, limit)
                await behind.write(pieces)
        except ClientDisconnect:
            raise bad_request(f"{what} ended after {behind.size:,} bytes, before its end") from None
        finally:
            await behind.end()
        await behind.check()
    if said.isdigit() and int(said) != behind.size:
        raise bad_request(f"{what} has {behind.size:,} bytes, Content-Length says {said}")
    return behind.size, behind.digest.hexdigest()


class _Behind:
    """Hashes and writes some pieces while the next ones come in, and has the disk begin with what is written.

    Args:
        file: what is written to; it stays open until `end`.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0
        self._writing: asyncio.Task[None] | None = None
        self._to_disk: asyncio.Task[None] | None = None
        self._waiting = 0

    async def write(self, pieces: list[bytes]) -> None:
        """Take some, when those before are written.

        Raises:
            OSError: those could not be.
        """
        if self._writing is not None:
            await self._writing
        size = sum(map(len, pieces))
        self.size, self._waiting = self.size + size, self._waiting + size
        self._writing = asyncio.create_task(run_in_threadpool(self._write, pieces))
        if self._waiting >= _DISK_BYTES and (self._to_disk is None or self._to_disk.done()):
            self._waiting = 0
            self._to_disk = asyncio.create_task(run_in_threadpool(os.fsync, self.file.fileno()))

    def _write(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.digest.update(piece)
        self.file.writelines(pieces)

    async def end(self) -> None:
        """Wait for what is under way, whatever comes of it: the file may be closed then."""
        if under_way := [task for task in (self._writing, self._to_disk) if task is not None]:
            await asyncio.wait(under_way)
            for task in under_way:
                if not task.cancelled():
                    task.exception()  # looked at, so that nobody is told that it was not

    async def check(self) -> None:
        """That all was written.

        Raises:
            OSError: it could not be.
        """
        for task in (self._writing, self._to_disk):
            if task is not None:
                await task


async def _pieces(request: Request) -> AsyncIterator[list[bytes]]:
    """The body, as many pieces at once as are worth a thread's while."""
    stream, began, total = request.stream().__aiter__(), time.monotonic(), 0
    held: list[bytes] = []
    size = 0
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                piece = await anext(stream)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise too_slow() from None
        held.append(piece)
        size += len(piece)
        if size >= _TOGETHER:
            yield held
            total, held, size = total + size, [], 0
        gone = time.monotonic() - began
        if gone > GRACE_S and (total + size) / gone < SLOWEST:
            raise too_slow()
    if held:
        yield held


def too_slow() -> Fault:
    """Of a sender that keeps a connection and sends nothing."""
    return Fault(408, "too-slow", f"nothing came for {IDLE_S:.0f} s, or less than {SLOWEST:,} bytes a second")

"""Uploads that may break off and go on: what has come waits in a file of its namespace and digest."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from junco.hub.server.blobs.keep import keep
from junco.hub.server.blobs.places import PIECE
from junco.hub.server.blobs.receive import append
from junco.hub.server.faults import Fault, bad_request, too_large
from junco.hub.server.hub import Hub
from junco.hub.server.tables.files import Blob

_at_work: set[Path] = set()
_guard = threading.Lock()


def offset_of(hub: Hub, namespace_id: int, sha256: str) -> int:
    """Bytes that an unfinished upload has already."""
    try:
        return _part(hub, namespace_id, sha256).stat().st_size
    except FileNotFoundError:
        return 0


async def go_on(
    request: Request, hub: Hub, namespace_id: int, sha256: str, begin: int, total: int | None
) -> Blob | int:
    """Take the body as the bytes from ``begin`` on: the blob where it is whole now, else how far it is.

    Raises:
        Fault: the upload is elsewhere, at work, too large, or not what its digest says.
    """
    if total is not None and total > hub.limits.file_bytes:
        raise too_large("a file", hub.limits.file_bytes)
    part = _part(hub, namespace_id, sha256)
    with _alone(part):
        there = offset_of(hub, namespace_id, sha256)
        if begin != there:
            raise Fault(416, "bad-range", f"the upload is at byte {there:,}, not {begin:,}", {"offset": there})
        room = (hub.limits.file_bytes if total is None else total) - begin
        size, digest = await append(request, part, room, "the file")
        end = begin + size
        if total is not None and end < total:
            return end
        return await run_in_threadpool(_finish, hub, part, namespace_id, sha256, None if begin else digest)


def _finish(hub: Hub, part: Path, namespace_id: int, sha256: str, digest: str | None) -> Blob:
    size = part.stat().st_size
    if (digest or _sha256(part)) != sha256:
        part.unlink()
        raise digest_mismatch(sha256)
    return keep(hub, part, sha256, size, namespace_id)


def digest_mismatch(sha256: str) -> Fault:
    """Of bytes that are not what they should be."""
    return Fault(400, "digest-mismatch", f"these bytes are not {sha256}: nothing is kept of them, begin again")


def _part(hub: Hub, namespace_id: int, sha256: str) -> Path:
    return hub.incoming / f"{namespace_id}-{sha256}.part"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    with _guard:
        if part in _at_work:
            raise Fault(409, "busy", "another upload of the same bytes is at work: wait for it")
        _at_work.add(part)
    try:
        yield
    finally:
        with _guard:
            _at_work.discard(part)


def is_digest(text: str) -> bool:
    """Whether a text is a sha256 as the protocol has it."""
    return len(text) == 64 and not text.strip("0123456789abcdef")


def digest(text: str) -> str:
    """The text, which is a sha256.

    Raises:
        Fault: it is none.
    """
    if not is_digest(text):
        raise bad_request("a digest is 64 lower-case hexadecimal digits (sha256)")
    return text

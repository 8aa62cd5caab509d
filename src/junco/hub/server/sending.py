"""A file as an answer: whole or a part of it, never as something that a browser would run."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from junco.hub.server.faults import Fault
from junco.hub.server.hub import Hub

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def send_blob(
    request: Request,
    hub: Hub,
    place: str,
    size: int,
    etag: str,
    filename: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The bytes at a place.

    Raises:
        Fault: they are lost.
    """
    if hub.places.size(place) != size:
        raise Fault(503, "damaged", "the hub has lost the bytes of this file: whoever has it can push it again")
    return send_bytes(request, partial(hub.places.read, place), size, etag, filename, headers)


def send_bytes(
    request: Request,
    read: Callable[[int, int], Iterator[bytes] | AsyncIterator[bytes]],
    size: int,
    etag: str,
    filename: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Bytes, of which ``read`` gives those from a first to a last (not with it)."""
    shown = {
        "ETag": f'"{etag}"',
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        **(headers or {}),
    }
    if etag in [each.strip(' "W/') for each in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=shown)
    span = span_of(request, size, etag)
    start, stop = span or (0, size)
    if span is not None:
        shown["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    status = 206 if span is not None else 200
    shown["Content-Length"] = str(stop - start)
    kind = "application/octet-stream"
    if request.method == "HEAD":
        return Response(status_code=status, headers=shown, media_type=kind)
    return StreamingResponse(read(start, stop), status, shown, kind)


def span_of(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """First byte and last (not with it) of the part that is asked for; ``None`` is the whole file.

    Raises:
        Fault: the file ends before.
    """
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    is_same = request.headers.get("if-range", etag).strip('"') == etag
    if found is None or not is_same or not (found[1] or found[2]):
        return None
    if not found[1]:
        start, stop = max(0, size - int(found[2])), size
    else:
        start, stop = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
    if start >= stop:
        raise Fault(416, "bad-range", f"the file has {size:,} bytes", headers={"Content-Range": f"bytes */{size}"})
    return start, stop

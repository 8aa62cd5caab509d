"""A file of a mirrored repository as an answer: from here, or as it comes from the other hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fastapi import Request
from starlette.responses import Response

from junco.hub.server.faults import Fault
from junco.hub.server.mirror.faults import silent
from junco.hub.server.mirror.fetching import Fetch
from junco.hub.server.mirror.mirror import Mirror
from junco.hub.server.mirror.room import touch
from junco.hub.server.sending import send_blob, send_bytes, span_of
from junco.hub.server.tables.files import Blob, Sent
from junco.hub.server.visits import Visit

FIRST_S = 8.0
"""For so long an answer waits for its first bytes: clients of Hugging Face wait for ten seconds."""
_WAITED_FOR = 2 << 20
"""A file up to this many bytes is sent when it was checked; of a larger one the last bytes wait."""


def send_mirrored(
    request: Request, visit: Visit, sha256: str, etag: str, filename: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The bytes of a file, which are fetched first where they are not here.

    Raises:
        Fault: the other hub cannot give them, or gives others.
    """
    hub = visit.hub
    with hub.database.reading() as session:
        blob = session.get_one(Blob, sha256)
        # by the digest alone another hub would get whatever it names here, also what is somebody's own
        is_brought = session.get(Sent, (visit.space.id, sha256)) is not None
    if is_brought and hub.places.size(blob.place) == blob.size:
        touch(hub, sha256)
        return send_blob(request, hub, blob.place, blob.size, etag, filename, headers)
    if request.method == "HEAD":
        return send_bytes(request, lambda *_: iter(()), blob.size, etag, filename, headers)
    mirror: Mirror | None = request.app.state.mirror
    if mirror is None or mirror.options.upstream != visit.repo.upstream:
        why = f"these bytes are at {visit.repo.upstream}, which this hub asks no more: junco hub serve --mirror …"
        raise Fault(503, "not-here", why)
    start, stop = span_of(request, blob.size, etag) or (0, blob.size)
    fetch = mirror.fetches.begin(visit.repo.id, sha256)
    _wait(mirror, fetch, stop if blob.size <= _WAITED_FOR else start, stop)
    return _send(request, visit, mirror, fetch, etag, filename, headers)


def _wait(mirror: Mirror, fetch: Fetch, start: int, stop: int) -> None:
    """Have the byte ``start`` of an answer be there; the check of all, where it is the answer's end.

    Raises:
        Fault: it does not come, it does not come in time, or too many wait already.
    """
    if not fetch.wait(0, start, stop):
        with mirror.seat():
            is_there = fetch.wait(FIRST_S, start, stop)
        if not is_there:
            path = fetch.source.path
            raise silent(f"{path!r} has not come so far within {FIRST_S:.0f} s: ask again, it is being fetched")
    if fetch.fault is not None:
        raise fetch.fault


def _send(
    request: Request,
    visit: Visit,
    mirror: Mirror,
    fetch: Fetch,
    etag: str,
    filename: str,
    headers: Mapping[str, str] | None,
) -> Response:
    size = fetch.source.size
    try:
        file = fetch.part.open("rb")
    except FileNotFoundError:  # it became whole in this moment, and lies where it stays
        _wait(mirror, fetch, size, size)
        with visit.hub.database.reading() as session:
            blob = session.get_one(Blob, fetch.source.sha256)
        return send_blob(request, visit.hub, blob.place, size, etag, filename, headers)
    return send_bytes(request, partial(fetch.read, file), size, etag, filename, headers)

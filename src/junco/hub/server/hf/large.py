"""Routes of Git LFS, by which large files come and go: an address that is signed takes the bytes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from junco.hub.server.access import Action
from junco.hub.server.blobs.keep import keep
from junco.hub.server.blobs.receive import receive
from junco.hub.server.blobs.uploads import digest_mismatch
from junco.hub.server.faults import Fault, bad_request, forbidden
from junco.hub.server.hf.bodies import Batch, LargeObject
from junco.hub.server.hub import Hub
from junco.hub.server.signing import SHORT_S, sign, signed
from junco.hub.server.tables.files import Blob, Sent
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
_Signed = Annotated[Visit, Depends(needs(Action.SIGNED, "resolve"))]
_Write = Annotated[Visit, Depends(needs(Action.WRITE))]
_SLOWEST, _LONGEST_S = 1_000_000, 86_400
"""An address is good for as long as a line of so many bytes a second needs, and at most for a day."""
KIND = "application/vnd.git-lfs+json"
PURPOSE = "large file"


@routes.post("/{namespace}/{name}.git/info/lfs/objects/batch")
def batch(body: Batch, visit: _Write, request: Request) -> Response:
    """Where each file is to be sent; nowhere where this namespace has sent it before."""
    if body.operation != "upload" or body.hash_algo not in {None, "sha256"}:
        raise bad_request("files are fetched by resolve; LFS is for sending, by sha256")
    if body.transfers and "basic" not in body.transfers:
        raise bad_request("files are sent by the transfer basic")
    there = _there(visit, [each.oid for each in body.objects])
    good_s = min(_LONGEST_S, SHORT_S + sum(each.size for each in body.objects) // _SLOWEST)
    objects = [_object(visit, request, each, good_s, is_there=each.oid in there) for each in body.objects]
    return JSONResponse({"transfer": "basic", "objects": objects, "hash_algo": "sha256"}, media_type=KIND)


def _there(visit: Visit, digests: list[str]) -> set[str]:
    asked = select(Blob.sha256, Blob.place, Blob.size).join(Sent, Sent.sha256 == Blob.sha256)
    with visit.hub.database.reading() as session:
        rows = session.execute(asked.where(Sent.namespace_id == visit.space.id, Blob.sha256.in_(digests))).all()
    return {sha256 for sha256, place, size in rows if visit.hub.places.size(place) == size}


def _object(visit: Visit, request: Request, each: LargeObject, good_s: int, *, is_there: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"oid": each.oid, "size": each.size}
    if each.size > visit.hub.limits.file_bytes:
        return {**shown, "error": {"code": 413, "message": f"a file has at most {visit.hub.limits.file_bytes:,} bytes"}}
    if is_there:
        return shown
    what = {"oid": each.oid, "size": each.size, "namespace": visit.space.id, "repository": visit.repo.id}
    base = str(request.base_url)
    text = sign(visit.hub, PURPOSE, what, good_s)
    upload = {"href": f"{base}_lfs/{each.oid}?leave={text}", "expires_in": good_s}
    verify = {"href": f"{base}{visit.full_name}.git/info/lfs/verify"}
    return {**shown, "actions": {"upload": upload, "verify": verify}}


@routes.put("/_lfs/{oid}")
async def send(oid: str, visit: _Signed, request: Request, leave: str = "") -> dict[str, Any]:
    """The bytes, to an address that was signed for them."""
    what = signed(visit.hub, PURPOSE, leave)
    if what.get("oid") != oid:
        raise forbidden("this address was signed for another file")
    body = await receive(request, visit.hub.incoming, what["size"], "the file")
    return await run_in_threadpool(_keep, visit.hub, what, body)


def _keep(hub: Hub, what: dict[str, Any], body: Any) -> dict[str, Any]:
    try:
        if (body.sha256, body.size) != (what["oid"], what["size"]):
            raise digest_mismatch(what["oid"])
        keep(hub, body.path, body.sha256, body.size, what["namespace"])
    finally:
        body.discard()
    return {}


@routes.post("/{namespace}/{name}.git/info/lfs/verify")
def verify(body: LargeObject, visit: _Write) -> dict[str, Any]:
    """Whether a file has come."""
    with visit.hub.database.reading() as session:
        there = session.get(Sent, (visit.space.id, body.oid))
        blob = session.get(Blob, body.oid) if there is not None else None
    if blob is None or blob.size != body.size:
        raise Fault(404, "no-blob", "this file has not come")
    return {}

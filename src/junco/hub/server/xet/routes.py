"""Routes of Xet: a token, packs of chunks, and shards. What is not needed for sending is not there."""

from __future__ import annotations

import string
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from junco.hub.server.access import Action
from junco.hub.server.blobs.places import new_place
from junco.hub.server.blobs.receive import Received, receive
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault, bad_request
from junco.hub.server.hf.reading import ONE
from junco.hub.server.hub import Hub
from junco.hub.server.inserting import insert_new
from junco.hub.server.tables.use import XetXorb
from junco.hub.server.visits import Visit, needs
from junco.hub.server.xet import leave as leaves
from junco.hub.server.xet.formats import MOST_SHARD, MOST_XORB, chunks_of, mapped, read_shard
from junco.hub.server.xet.making import make_all

routes = APIRouter()
CAS = "/_xet/{scope}"
_Write = Annotated[Visit, Depends(needs(Action.WRITE))]
_Signed = Annotated[Visit, Depends(needs(Action.SIGNED, "resolve"))]


@routes.get(f"{ONE}/xet-write-token/{{revision}}")
def give_token(revision: str, visit: _Write, request: Request) -> Response:
    """Where packs go, and what gives leave to send them."""
    scope, token, until = leaves.give(visit)
    address = f"{request.base_url}_xet/{scope}"
    headers = {"X-Xet-Cas-Url": address, "X-Xet-Access-Token": token, "X-Xet-Token-Expiration": str(until)}
    return JSONResponse({"casUrl": address, "accessToken": token, "exp": until}, headers=headers)


@routes.post(f"{CAS}/v1/xorbs/default/{{xorb}}")
async def send_xorb(scope: str, xorb: str, visit: _Signed, request: Request) -> dict[str, Any]:
    """A pack of chunks."""
    await run_in_threadpool(leaves.taken, visit.hub, request, scope)
    if len(xorb) != 64 or set(xorb) - set(string.hexdigits.lower()):
        raise bad_request("a xorb is named by 64 hexadecimal digits")
    body = await receive(request, visit.hub.incoming, MOST_XORB, "a xorb")
    return await run_in_threadpool(_keep_xorb, visit.hub, scope, xorb, body)


def _keep_xorb(hub: Hub, scope: str, xorb: str, body: Received) -> dict[str, Any]:
    try:
        chunks_of(mapped(body.path))
        place = new_place(body.sha256)
        hub.places.put(body.path, place)
    finally:
        body.discard()
    with hub.database.writing() as session:
        is_new = insert_new(session, XetXorb, {"scope_id": scope, "xorb": xorb, "place": place, "created": now()})
    if not is_new:
        hub.places.delete(place)
    return {"was_inserted": is_new}


@routes.post(f"{CAS}/v1/shards")
async def send_shard(scope: str, visit: _Signed, request: Request) -> dict[str, Any]:
    """What files are made of the packs: they are made now, and checked."""
    leave = await run_in_threadpool(leaves.taken, visit.hub, request, scope)
    body = await receive(request, visit.hub.incoming, MOST_SHARD, "a shard")
    try:
        files = await run_in_threadpool(lambda: read_shard(body.path.read_bytes()))
        await run_in_threadpool(make_all, visit.hub, leave, files)
    finally:
        body.discard()
    return {"result": 1}


@routes.api_route(f"{CAS}/{{rest:path}}", methods=["GET", "HEAD", "POST", "PUT"])
def not_here(scope: str, rest: str, visit: _Signed) -> None:
    """Everything else: clients go on without it."""
    raise Fault(404, "no-route", "this hub takes files by Xet, and gives them by HTTP")

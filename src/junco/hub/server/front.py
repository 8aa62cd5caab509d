"""Before any route: which requests are read at all, how much of them, and the headers of every answer."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from junco.hub.server.answers import answer
from junco.hub.server.blobs.receive import IDLE_S, too_slow
from junco.hub.server.faults import Fault, forbidden, too_large
from junco.hub.server.hub import Hub
from junco.hub.server.metrics import Metrics
from junco.hub.server.requests import request_id

_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Junco-Hub": "1",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COOKIE = re.compile(r"(?:^|;\s*)(?:__Host-)?junco=")
_SAFE = {"GET", "HEAD", "OPTIONS"}


class Front:
    """What stands between the network and the routes.

    Args:
        app: with the routes.
        hub: that they serve.
        metrics: where answers are counted.
    """

    def __init__(self, app: ASGIApp, hub: Hub, metrics: Metrics) -> None:
        self.app, self.hub, self.metrics = app, hub, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(8)
        request_id.set(number)
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, "X-Request-Id": number, **scope.get("junco.headers", {})}.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            headers = Headers(scope=scope)
            if (fault := refusal(scope, headers, self.hub)) is not None:
                await self._refuse(fault, scope, sending)
            else:
                await self.app(scope, self._limited(scope, receive), sending)
        finally:
            self.metrics.answered(scope, status, time.perf_counter() - began)

    async def _refuse(self, fault: Fault, scope: Scope, send: Send) -> None:
        response: Response = answer(Request(scope), fault)
        response.headers["Connection"] = "close"  # the body is not read
        await response(scope, _nothing, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """The body, as far as it may go; a route that takes files says that it may go further."""
        came = 0

        async def receiving() -> Message:
            nonlocal came
            try:
                # one who is answered already may keep the line; asyncio.wait_for would make a task for each piece
                async with asyncio.timeout(None if scope.get("junco.answered") else IDLE_S):
                    message = await receive()
            except TimeoutError:
                raise too_slow() from None
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                limit = scope.get("junco.limit", self.hub.limits.body_bytes)
                if came > limit:
                    raise too_large("the request's body", limit)
                scope["junco.answered"] = not message.get("more_body", False)
            return message

        return receiving


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def refusal(scope: Scope, headers: Mapping[str, str], hub: Hub) -> Fault | None:
    """Why a request is not read further, whatever it asks for; ``None`` where it is."""
    path, method = scope["path"], scope["method"]
    host = (headers.get("host") or "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in LOOPBACK and name not in hub.hosts:
        return Fault(421, "wrong-host", "the hub is not called so: --allow-host NAME lets it be")
    if headers.get("content-encoding", "identity").lower() != "identity":
        return Fault(415, "bad-encoding", "bodies are sent as they are, without Content-Encoding")
    if "\0" in path or b"%00" in scope["query_string"] or any("\ud800" <= letter <= "\udfff" for letter in path):
        return Fault(400, "bad-request", "the address holds what no address holds")
    if method not in _SAFE and COOKIE.search(headers.get("cookie", "")) and not is_own(headers, host):
        return forbidden("another site's page asks for this: it is not done")
    said = headers.get("content-length", "0")
    if not (said.isascii() and said.isdigit() and len(said) < 16):
        return Fault(400, "bad-request", "Content-Length is no number")
    return None


def is_own(headers: Mapping[str, str], host: str) -> bool:
    """Whether a page of this hub asks: browsers say from where a request comes, and pages cannot lie about it."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.lower() == host
        except ValueError:
            return False
    return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}

"""Pages of what could not be done: what it was, and where to go from here. Programs get JSON (`server.answers`)."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from junco.hub.server.faults import Fault
from junco.hub.server.front import HEADERS
from junco.hub.server.requests import request_id
from junco.hub.web.render import page

_TITLES = {
    400: "This request cannot be read",
    401: "Sign in first",
    403: "You may not do this",
    404: "There is no such page",
    405: "There is no such page",
    409: "This cannot be: something is there already",
    413: "This is too large",
    422: "Something in the form is not right",
    429: "Too many requests",
    503: "The hub is busy",
}


def failure_page(request: Request, fault: Fault) -> Response:
    """The page of a fault."""
    title = _TITLES.get(fault.status, "Something went wrong" if fault.status >= 500 else _TITLES[400])
    headers = {**HEADERS, **{name: value for name, value in fault.headers.items() if name != "WWW-Authenticate"}}
    return page(
        request,
        None,
        "failure.html",
        status=fault.status,
        headers={**headers, "Cache-Control": "no-store", "X-Request-Id": request_id.get()},
        title=title,
        fault=fault,
        wait=fault.headers.get("Retry-After"),
        number=request_id.get(),
    )

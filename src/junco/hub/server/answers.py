"""How a refused request is answered: as the native protocol has it, or as Hugging Face's clients read it."""

from __future__ import annotations

import errno
import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from junco.hub.server.faults import Fault
from junco.hub.server.requests import request_id

NATIVE = "/junco/v1"
_PROGRAMS = (NATIVE, "/health", "/metrics", "/api/", "/_xet", "/_lfs")
"""What addresses begin with that no person looks at."""
log = logging.getLogger("junco.hub")
_OF_HF = {"no-repository": "RepoNotFound", "no-revision": "RevisionNotFound", "no-file": "EntryNotFound"}
_WAIT = {"Retry-After": "2"}


def failure(fault: Fault, path: str, *, signed_in: bool) -> Response:
    """The answer to a request that is refused."""
    if path.startswith((NATIVE, "/health", "/metrics")):
        error = {"code": fault.code, "message": fault.message, "details": fault.details}
        body = {"error": error, "request": request_id.get()}
        return JSONResponse(body, fault.status, headers=fault.headers)
    status = 401 if fault.code == "no-repository" and not signed_in else fault.status
    headers = {**fault.headers, "X-Error-Message": _header(fault.message)}
    if fault.code in _OF_HF:
        headers["X-Error-Code"] = _OF_HF[fault.code]
    return JSONResponse({"error": fault.message, **fault.details}, status, headers=headers)


def _header(text: str) -> str:
    """A text as a header may have it: nothing in it begins another."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)[:500]


def add_handlers(app: FastAPI) -> None:
    """Have an app answer faults, and what goes wrong in itself, in these words."""
    app.add_exception_handler(Fault, _of_fault)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(OperationalError, _of_database)
    app.add_exception_handler(IntegrityError, _of_database)
    app.add_exception_handler(PoolTimeout, _of_database)
    app.add_exception_handler(OSError, _of_system)
    app.add_exception_handler(Exception, _of_bug)


def answer(request: Request, fault: Fault) -> Response:
    """A page for people, JSON for programs."""
    is_read = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_PROGRAMS)
    if is_read and (shown := getattr(request.app.state, "failure_page", None)) is not None:
        page: Response = shown(request, fault)
        return page
    return failure(fault, request.url.path, signed_in="authorization" in request.headers)


async def _of_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, Fault)
    return answer(request, error)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Fault):  # a body that was too large, or too slow, while FastAPI read it
        return answer(request, error.__cause__)
    codes = {404: "no-route", 405: "no-method"}
    return answer(request, Fault(error.status_code, codes.get(error.status_code, "bad-request"), str(error.detail)))


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [".".join(str(part) for part in each["loc"] if part != "body") for each in error.errors()][:20]
    first = error.errors()[0]["msg"] if error.errors() else ""
    where = f"{fields[0][:100]}: " if fields and fields[0] else ""
    return answer(request, Fault(422, "invalid", f"{where}{first}"[:300], {"fields": fields}))


async def _of_database(request: Request, error: Exception) -> Response:
    text = str(getattr(error, "orig", error)).lower()
    if "full" in text and "disk" in text:
        return answer(request, _full())
    if not any(word in text for word in ("locked", "busy", "connection", "timeout", "timed out", "constraint")):
        return await _of_bug(request, error)
    log.warning("request %s: the database: %s", request_id.get(), text[:300])
    return answer(request, Fault(503, "busy-database", "the database is busy: try again", headers=_WAIT))


async def _of_system(request: Request, error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return answer(request, _full())
    return await _of_bug(request, error)


async def _of_bug(request: Request, error: Exception) -> Response:
    log.error("request %s: %s", request_id.get(), type(error).__name__, exc_info=error)
    return answer(request, Fault(500, "failed", "the hub failed; its log says how, by the request's number"))


def _full() -> Fault:
    return Fault(503, "full-disk", "the hub's disk is full: nothing of this was kept", headers={"Retry-After": "60"})

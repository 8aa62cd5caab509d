"""What pages are made of: the files of ``static/``, and the forms that choose language and light or dark."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server.access import Action
from junco.hub.server.faults import Fault
from junco.hub.server.visits import Visit, needs
from junco.hub.web.render import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, redirect, static_file
from junco.hub.web.words import LANGUAGES

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, "resolve", of_page=True))]
_YEAR_S = 366 * 86_400
_KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


@routes.get("/static/{file}")
def static(file: str, visit: _Open, request: Request) -> Response:
    """A file of the pages."""
    kind = _KINDS.get(file.rpartition(".")[2])
    try:
        data, mark = static_file(file) if kind and "/" not in file and not file.startswith(".") else (b"", "")
    except (FileNotFoundError, OSError):
        kind = None
    if kind is None:
        raise Fault(404, "no-route", "there is no such file")
    is_exact = request.query_params.get("v") == mark
    forever = "public, max-age=31536000, immutable" if is_exact else "public, max-age=300"
    return Response(data, headers={"Cache-Control": forever, "ETag": f'"{mark}"'}, media_type=kind)


@routes.post("/look")
async def choose(visit: _Open, request: Request) -> Response:
    """Keep a language, or light or dark, and go back to the page that asked."""
    try:
        form = await request.form(max_files=0, max_fields=10)
    except (ValueError, AssertionError):
        form = None
    given = {name: str(form.get(name, "")) for name in ("language", "theme", "back")} if form is not None else {}
    response = redirect(given.get("back") or "/")
    if given.get("language") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, given["language"], max_age=_YEAR_S, path="/", samesite="lax")
    if form is not None and "theme" in form and given["theme"] in THEMES:
        response.set_cookie(THEME_COOKIE, given["theme"], max_age=_YEAR_S, path="/", samesite="lax")
    return response

"""A user's tokens: listed, made and shown once, revoked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from junco.hub.server import audit
from junco.hub.server.access import SCOPES, Action
from junco.hub.server.accounts import tokens
from junco.hub.server.clock import now
from junco.hub.server.faults import Fault
from junco.hub.server.native.bodies import NewToken
from junco.hub.server.native.people import made_token, restriction
from junco.hub.server.visits import Visit, needs
from junco.hub.web.forms import NO_STORE, Fields, Wrong, answered, beside
from junco.hub.web.render import page, redirect

routes = APIRouter()
_Account = Annotated[Visit, Depends(needs(Action.ACCOUNT, of_page=True))]
DAYS = (1, 7, 30, 90, 365)
ABOUT = {
    "repo:read": "pull what you may see",
    "repo:write": "pull and push, make repositories and releases",
    "repo:admin": "also change settings, and delete",
    "org:admin": "members of organisations",
    "user": "your tokens, your password, your likes",
    "server:admin": "all of the server",
}
_USUAL = ("repo:read", "repo:write")


@routes.get("/tokens")
def show(visit: _Account, request: Request) -> Response:
    """The user's tokens, and the form of a new one."""
    return _page(visit, request, {"scopes": list(_USUAL), "days": tokens.USUAL_DAYS})


@routes.post("/tokens")
async def make(visit: _Account, request: Request) -> Response:
    """A new one, which this page shows, and no other."""
    return await answered(request, visit, _make)


def _make(visit: Visit, request: Request, form: Fields) -> Response:
    only = form.text("only")
    typed = {"name": form.text("name"), "scopes": form.chosen("scopes"), "days": form.text("days"), "only": only}
    try:
        wanted = _wanted(form)
        with visit.hub.database.writing() as session:
            text, row = made_token(session, visit.actor, wanted)
    except Fault as fault:
        where = {"scopes": "scopes", "no-user": "only", "no-repository": "only", "forbidden": "only"}
        return _page(visit, request, typed, wrong=beside(fault, where, "name"))
    except Wrong as wrong:
        return _page(visit, request, typed, wrong=wrong)
    return _page(visit, request, {"scopes": list(_USUAL), "days": tokens.USUAL_DAYS}, made=(text, row.name))


def _wanted(form: Fields) -> NewToken:
    name, scopes, only = form.needed("name"), form.chosen("scopes"), form.text("only")
    if not scopes:
        raise Wrong("scopes", "Tick one at least.")
    kind = "repository" if "/" in only else "namespace"
    try:
        days = int(form.text("days"))
        return NewToken(name=name, scopes=scopes, days=days, **{kind: only or None})
    except (ValueError, ValidationError):
        raise Wrong("name", "This is too long, or no number of days.") from None


@routes.post("/tokens/{number}/revoke")
async def revoke(number: int, visit: _Account, request: Request) -> Response:
    """One of the user's is good no more."""
    return await answered(request, visit, lambda visit, request, form: _revoke(visit, number))


def _revoke(visit: Visit, number: int) -> Response:
    with visit.hub.database.writing() as session:
        if not 0 < number < 2**63 or not tokens.revoke(session, number, visit.actor.user_id or 0):
            raise Fault(404, "no-token", "you have no such token that is good")
        audit.note(session, visit.actor, "token.revoke", visit.actor.name or "", str(number))
    return redirect("/tokens", "token-revoked")


def _page(
    visit: Visit,
    request: Request,
    typed: dict[str, Any],
    *,
    made: tuple[str, str] | None = None,
    wrong: Wrong | None = None,
) -> Response:
    with visit.hub.database.reading() as session:
        shown = [_shown(session, row) for row in tokens.tokens_of(session, visit.actor.user_id or 0)]
    return page(
        request,
        visit,
        "tokens.html",
        status=wrong.status if wrong else 201 if made else 200,
        headers=NO_STORE,
        good=[each for each in shown if each["state"] == "good"],
        past=[each for each in shown if each["state"] != "good"][:50],
        scopes={scope: ABOUT[scope] for scope in SCOPES if visit.actor.admin or scope != "server:admin"},
        days=DAYS,
        typed={"name": "", "only": "", **typed},
        made=made,
        wrong=wrong.shown() if wrong else {},
    )


def _shown(session: Session, row: Any) -> dict[str, Any]:
    state = "revoked" if row.revoked is not None else "expired" if row.expires <= now() else "good"
    only = restriction(session, row)
    return {"row": row, "state": state, "only": only["repository"] or only["namespace"], "scopes": row.scopes.split()}

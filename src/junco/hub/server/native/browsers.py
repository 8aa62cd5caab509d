"""Routes by which a browser logs in and out. Nothing else of the protocols reads a cookie."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.accounts import people, sessions, tokens
from junco.hub.server.faults import unauthenticated
from junco.hub.server.native.bodies import Body, Text
from junco.hub.server.visits import Visit, hub_counter, needs

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]


class Entering(Body):
    """A name and a password."""

    user: Text
    password: Annotated[str, Field(max_length=1000)]


class Leaving(Body):
    """What the forms of the session carry."""

    form_token: Text


@routes.post("/session", status_code=201)
def enter(body: Entering, visit: _Open, request: Request) -> Response:
    """Log in: a new session, and its cookie."""
    name, text = entered(visit, request, body.user, body.password)
    response = JSONResponse({"user": name}, 201)
    sessions.set_cookie(request, response, text)
    return response


def entered(visit: Visit, request: Request, user: str, password: str) -> tuple[str, str]:
    """The user's name and the cookie of a new session, in whose place the browser's own is no more.

    Raises:
        Fault: no user has this name and password, or it was tried too often.
    """
    for whom in (visit.actor.address, f"name {user.lower()[:200]}"):
        hub_counter(request).hit("login", whom, visit.hub.limits.logins, 60)
    with visit.hub.database.reading() as session:
        who = people.entering(session, user, password)
    with visit.hub.database.writing() as session:
        sessions.close_session(session, request)
        text = sessions.open_session(session, who.id)
        audit.note(session, tokens.user_actor(session, who.id, visit.actor.address), "session.open", who.name)
    return who.name, text


@routes.get("/session")
def show(visit: _Open, request: Request) -> dict[str, Any]:
    """Who is logged in, and what forms have to carry."""
    with visit.hub.database.reading() as session:
        browser = sessions.browser_of(session, request)
    return {"user": browser.actor.name, "form_token": browser.form_token}


@routes.delete("/session", status_code=204)
def leave(body: Leaving, visit: _Open, request: Request) -> Response:
    """Log out: the session is no more."""
    with visit.hub.database.writing() as session:
        browser = sessions.browser_of(session, request)
        if browser.actor.user_id is None:
            raise unauthenticated("nobody is logged in here")
        sessions.check_form(browser, body.form_token)
        sessions.close_session(session, request)
        audit.note(session, browser.actor, "session.close", browser.actor.name or "")
    response = Response(status_code=204)
    response.delete_cookie(sessions.cookie_name(request), path="/")
    return response

"""Pages by which a browser signs in and out, somebody joins, and a password is changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.accounts import people, sessions, tokens
from junco.hub.server.faults import Fault
from junco.hub.server.native.browsers import entered
from junco.hub.server.native.people import set_password
from junco.hub.server.visits import Visit, hub_counter, needs
from junco.hub.web.forms import Fields, Wrong, answered, beside
from junco.hub.web.render import own_address, page, redirect

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
_Account = Annotated[Visit, Depends(needs(Action.ACCOUNT, of_page=True))]


@routes.get("/login")
def show_login(visit: _Open, request: Request) -> Response:
    """The form to sign in with."""
    return _login(visit, request, {"back": own_address(request.query_params.get("back", "/"))})


@routes.post("/login")
async def sign_in(visit: _Open, request: Request) -> Response:
    """Sign in."""
    return await answered(request, visit, _sign_in)


def _sign_in(visit: Visit, request: Request, form: Fields) -> Response:
    typed = {"back": own_address(form.text("back")), "user": form.text("user")[:96]}
    try:
        user, password = form.needed("user"), form.secret("password")
        if not password:
            raise Wrong("password", "This is needed.")
        _, cookie = entered(visit, request, user, password)
    except Fault as fault:
        wrong = beside(fault, {}, "")
        return _login(visit, request, typed, wrong)
    except Wrong as wrong:
        return _login(visit, request, typed, wrong)
    response = redirect(typed["back"], "signed-in")
    sessions.set_cookie(request, response, cookie)
    return response


def _login(visit: Visit, request: Request, typed: dict[str, Any], wrong: Wrong | None = None) -> Response:
    return page(
        request,
        visit,
        "login.html",
        status=wrong.status if wrong else 200,
        headers={"Cache-Control": "no-store"},
        typed=typed,
        wrong=wrong.shown() if wrong else {},
    )


@routes.post("/logout")
async def sign_out(visit: _Open, request: Request) -> Response:
    """Sign out: the session is no more, here and for whoever has its cookie."""
    return await answered(request, visit, _sign_out)


def _sign_out(visit: Visit, request: Request, _: Fields) -> Response:
    with visit.hub.database.writing() as session:
        sessions.close_session(session, request)
        if visit.actor.user_id is not None and visit.actor.token_id is None:
            audit.note(session, visit.actor, "session.close", visit.actor.name or "")
    response = redirect("/", "signed-out")
    response.delete_cookie(sessions.cookie_name(request), path="/")
    return response


@routes.get("/join")
def show_join(visit: _Open, request: Request) -> Response:
    """The form to become a user with, where that is open."""
    return _join(visit, request, {})


@routes.post("/join")
async def join(visit: _Open, request: Request) -> Response:
    """Become a user, and sign in."""
    return await answered(request, visit, _joined)


def _joined(visit: Visit, request: Request, form: Fields) -> Response:
    typed = {"user": form.text("user")[:96]}
    if not visit.hub.open_sign_up:
        raise Fault(404, "no-route", "sign-up is by an admin here")
    try:
        user, password = form.needed("user"), _twice(form)
        hub_counter(request).hit("made", f"user from {visit.actor.address}", visit.hub.limits.made, 3600)
        with visit.hub.database.writing() as session:
            sessions.close_session(session, request)
            made = people.make_user(session, user, password)
            actor = tokens.user_actor(session, made.id, visit.actor.address)
            audit.note(session, actor, "user.make", made.name)
            cookie = sessions.open_session(session, made.id)
    except Fault as fault:
        return _join(visit, request, typed, beside(fault, {"password": "password"}, "user"))
    except Wrong as wrong:
        return _join(visit, request, typed, wrong)
    response = redirect(f"/{made.name}", "joined")
    sessions.set_cookie(request, response, cookie)
    return response


def _join(visit: Visit, request: Request, typed: dict[str, Any], wrong: Wrong | None = None) -> Response:
    status = wrong.status if wrong else 200
    shown = wrong.shown() if wrong else {}
    return page(request, visit, "join.html", status=status, typed=typed, wrong=shown)


def _twice(form: Fields, name: str = "password") -> str:
    """A new password, typed twice alike.

    Raises:
        Wrong: it was not.
    """
    password = form.secret(name)
    if not password:
        raise Wrong(name, "This is needed.")
    if form.secret(f"{name}_again") != password:
        raise Wrong(f"{name}_again", "The two are not the same.")
    return password


@routes.get("/settings")
def show_settings(visit: _Account, request: Request) -> Response:
    """The user's own settings."""
    return _settings(visit, request)


@routes.post("/settings")
async def change_password(visit: _Account, request: Request) -> Response:
    """Another password."""
    return await answered(request, visit, _changed)


def _changed(visit: Visit, request: Request, form: Fields) -> Response:
    try:
        if not form.secret("old"):
            raise Wrong("old", "This is needed.")
        new = _twice(form, "new")
        set_password(visit, request, form.secret("old"), new)
    except Fault as fault:
        if fault.code == "unauthenticated":
            return _settings(visit, request, Wrong("old", "This is not your password.", 422))
        return _settings(visit, request, beside(fault, {"password": "new"}, "new"))
    except Wrong as wrong:
        return _settings(visit, request, wrong)
    return redirect("/settings", "password-changed")


def _settings(visit: Visit, request: Request, wrong: Wrong | None = None) -> Response:
    status = wrong.status if wrong else 200
    return page(request, visit, "account.html", status=status, wrong=wrong.shown() if wrong else {})

"""Pages of whoever runs the server: its users, its log, its store, and how it is."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.accounts import passwords, people, sessions
from junco.hub.server.accounts.disabling import set_disabled
from junco.hub.server.accounts.names import likeness
from junco.hub.server.blobs.collect import collect
from junco.hub.server.faults import Fault
from junco.hub.server.hub import Hub
from junco.hub.server.native.bodies import RowNumber
from junco.hub.server.tables.files import Blob, Commit, Repository
from junco.hub.server.tables.people import Event, Namespace, Token, User
from junco.hub.server.visits import Visit, needs
from junco.hub.web.forms import NO_STORE, Fields, Wrong, answered, beside
from junco.hub.web.render import page, redirect

routes = APIRouter(prefix="/admin")
_Serve = Annotated[Visit, Depends(needs(Action.SERVE, of_page=True))]
_USERS, _EVENTS = 50, 100


@routes.get("")
def overview(visit: _Serve, request: Request) -> Response:
    """How the server is, and what it keeps."""
    return _overview(visit, request)


def _overview(visit: Visit, request: Request, gone: Any = None) -> Response:
    with visit.hub.database.reading() as session:
        things = _counts(session)
        last = audit.events(session, 8, None)
    return page(request, visit, "admin.html", things=things, health=_health(visit.hub), last=last, gone=gone)


def _counts(session: Session) -> dict[str, int]:
    """How many there are of all that is kept, and bytes of all files, each once."""
    alive = select(func.count()).select_from(Repository).where(Repository.deleted.is_(None))
    return {
        "users": session.scalar(select(func.count()).select_from(User)) or 0,
        "repositories": session.scalar(alive) or 0,
        "commits": session.scalar(select(func.count()).select_from(Commit)) or 0,
        "files": session.scalar(select(func.count()).select_from(Blob)) or 0,
        "bytes": int(session.scalar(select(func.sum(Blob.size))) or 0),
    }


def _health(hub: Hub) -> dict[str, Any]:
    disk = shutil.disk_usage(hub.store)
    return {
        "version": version("junco"),
        "database": "SQLite" if hub.database.is_sqlite else "PostgreSQL",
        "free": disk.free,
        "disk": disk.total,
        "is_tight": disk.free < disk.total // 10,
        "incoming": sum(1 for _ in hub.incoming.iterdir()) if hub.incoming.is_dir() else None,
        "sign_up": hub.open_sign_up,
    }


@routes.post("/collect")
async def collect_garbage(visit: _Serve, request: Request) -> Response:
    """Let go of bytes that no commit names."""
    return await answered(request, visit, _collect)


def _collect(visit: Visit, request: Request, _: Fields) -> Response:
    gone = collect(visit.hub)
    with visit.hub.database.writing() as session:
        audit.note(session, visit.actor, "collect", "", f"{gone.blobs} files, {gone.bytes} bytes")
    return _overview(visit, request, gone)


@routes.get("/users")
def users(visit: _Serve, request: Request) -> Response:
    """All users, and the form of a new one."""
    return _users(visit, request)


@routes.post("/users")
async def make_user(visit: _Serve, request: Request) -> Response:
    """A new user, whose password this page shows, and no other."""
    return await answered(request, visit, _make_user)


def _make_user(visit: Visit, request: Request, form: Fields) -> Response:
    typed = {"user": form.text("user")[:96], "admin": form.is_on("admin")}
    password = passwords.new_password()
    try:
        with visit.hub.database.writing() as session:
            made = people.make_user(session, form.needed("user"), password, admin=form.is_on("admin"))
            audit.note(session, visit.actor, "user.make", made.name, "admin" if form.is_on("admin") else "")
    except Fault as fault:
        return _users(visit, request, typed, wrong=beside(fault, {}, "user"))
    except Wrong as wrong:
        return _users(visit, request, typed, wrong=wrong)
    return _users(visit, request, made=(made.name, password))


@routes.post("/users/{user}/password")
async def renew_password(user: str, visit: _Serve, request: Request) -> Response:
    """Another password for who has lost theirs; this page shows it, and no other."""
    return await answered(request, visit, lambda visit, request, form: _renew_password(visit, request, user))


def _renew_password(visit: Visit, request: Request, user: str) -> Response:
    password = passwords.new_password()
    kept = passwords.hashed(password)
    with visit.hub.database.writing() as session:
        namespace, row = people.user_of(session, user)
        row.password = kept
        sessions.close_others(session, request, row.id)
        audit.note(session, visit.actor, "password.renew", namespace.name)
    return _users(visit, request, made=(namespace.name, password))


@routes.post("/users/{user}/{what}")
async def set_user(user: str, what: str, visit: _Serve, request: Request) -> Response:
    """Shut a user out (``disable``), or let them in again (``enable``)."""
    return await answered(request, visit, lambda visit, request, form: _set_user(visit, request, user, what))


def _set_user(visit: Visit, request: Request, user: str, what: str) -> Response:
    if what not in {"disable", "enable"}:
        raise Fault(404, "no-route", "disable or enable is meant")
    try:
        with visit.hub.database.writing() as session:
            set_disabled(session, visit.actor, user, disabled=what == "disable")
    except Fault as fault:
        return _users(visit, request, wrong=beside(fault, {}, ""))
    return redirect("/admin/users", f"user-{what}d")


def _users(
    visit: Visit,
    request: Request,
    typed: dict[str, Any] | None = None,
    *,
    made: tuple[str, str] | None = None,
    wrong: Wrong | None = None,
) -> Response:
    asked, after = request.query_params.get("q", "").strip()[:96], request.query_params.get("after", "")[:96]
    with visit.hub.database.reading() as session:
        rows = _rows(session, asked, after)
    more = rows[_USERS - 1][0].name if len(rows) > _USERS else None
    return page(
        request,
        visit,
        "admin_users.html",
        status=wrong.status if wrong else 201 if made else 200,
        headers=NO_STORE,
        rows_found=rows[:_USERS],
        looked_for=asked,
        more=more,
        is_later=bool(after),
        typed={"user": "", "admin": False, **(typed or {})},
        made=made,
        wrong=wrong.shown() if wrong else {},
    )


def _rows(session: Session, asked: str, after: str) -> list[tuple[Namespace, User, int, int]]:
    """Users by name: with how many repositories they have, and how many tokens."""
    repositories = select(func.count()).where(Repository.namespace_id == User.id, Repository.deleted.is_(None))
    tokens = select(func.count()).where(Token.user_id == User.id, Token.revoked.is_(None))
    found = select(Namespace, User, repositories.scalar_subquery(), tokens.scalar_subquery())
    found = found.join(User, User.id == Namespace.id).order_by(Namespace.key).limit(_USERS + 1)
    if asked:
        found = found.where(Namespace.key.contains(likeness(asked), autoescape=True))
    if after:
        found = found.where(Namespace.key > likeness(after))
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(found)]


@routes.get("/audit")
def log(visit: _Serve, request: Request, after: RowNumber | None = None) -> Response:
    """What was done, the newest first: by somebody, of a kind, to something, or all."""
    given = {name: request.query_params.get(name, "").strip()[:96] for name in ("actor", "action", "target")}
    with visit.hub.database.reading() as session:
        found = audit.events(session, _EVENTS, after, audit.Wanted(**given))
        actions = session.scalars(select(Event.action).distinct().order_by(Event.action)).all()
    next_one = found[-1]["id"] if len(found) == _EVENTS else None
    return page(
        request,
        visit,
        "admin_audit.html",
        found=found,
        actions=actions,
        given=given,
        next_one=next_one,
        is_later=after is not None,
    )

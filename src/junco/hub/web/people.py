"""Pages of users and organisations: what they share, who is a member, and who may change that."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from junco.hub.server import audit
from junco.hub.server.access import Action, Target, allow
from junco.hub.server.accounts import people
from junco.hub.server.faults import Fault
from junco.hub.server.native.people import give_role
from junco.hub.server.repos import search
from junco.hub.server.tables.people import ORGANISATION
from junco.hub.server.visits import Visit, hub_counter, needs
from junco.hub.web.forms import Fields, Wrong, answered, beside
from junco.hub.web.render import page, redirect
from junco.hub.web.rows import rows_of

routes = APIRouter()
somebody = APIRouter()
"""The page at ``/{who}``, which is asked after all others of one part."""
_Open = Annotated[Visit, Depends(needs(Action.OPEN, of_page=True))]
_Account = Annotated[Visit, Depends(needs(Action.ACCOUNT, of_page=True))]
_Manage = Annotated[Visit, Depends(needs(Action.MANAGE, of_page=True))]
_ROWS = 20
ROLES = {"read": "sees what is private", "write": "pushes, too", "admin": "changes members, settings, and deletes"}


@somebody.get("/{who}")
def show(who: str, visit: _Open, request: Request) -> Response:
    """A user or an organisation, with what of theirs the reader may see."""
    query = search.Query(namespace=who, sort="updated", limit=_ROWS, after=request.query_params.get("after") or None)
    with visit.hub.database.reading() as session:
        if (found := people.namespace_of(session, who)) is None:
            raise people.no_user(who)
        results = search.search(session, visit.actor, query)
        told = people.described(session, found)
        rows = rows_of(session, results.rows)
    is_organisation = found.kind == ORGANISATION
    return page(
        request,
        visit,
        "somebody.html",
        who=found,
        is_organisation=is_organisation,
        is_me=found.id == visit.actor.user_id,
        manages=is_organisation and allow(visit.actor, Action.MANAGE, Target(found.id)),
        people=told["members"] if is_organisation else told["organisations"],
        rows_found=rows,
        total=results.total or 0,
        next=f"/{found.name}?after={results.next}" if results.next else None,
        first=f"/{found.name}" if query.after else None,
    )


@routes.get("/new/organisation")
def show_new(visit: _Account, request: Request) -> Response:
    """The form of a new organisation."""
    return page(request, visit, "organisation_new.html", typed={"name": ""}, wrong={})


@routes.post("/new/organisation")
async def make(visit: _Account, request: Request) -> Response:
    """A new organisation, whose admin is whoever makes it."""
    return await answered(request, visit, _make)


def _make(visit: Visit, request: Request, form: Fields) -> Response:
    typed = {"name": form.text("name")[:96]}
    try:
        name = form.needed("name")
        hub_counter(request).hit("made", f"user {visit.actor.user_id}", visit.hub.limits.made, 3600)
        with visit.hub.database.writing() as session:
            made = people.make_organisation(session, name, visit.actor.user_id or 0)
            audit.note(session, visit.actor, "organisation.make", made.name)
    except (Fault, Wrong) as refused:
        wrong = beside(refused, {}, "name") if isinstance(refused, Fault) else refused
        return page(request, visit, "organisation_new.html", status=wrong.status, typed=typed, wrong=wrong.shown())
    return redirect(f"/organisations/{made.name}", "organisation-made")


@routes.get("/organisations/{organisation}")
def manage(visit: _Manage, request: Request) -> Response:
    """An organisation's members, to be changed."""
    return _members(visit, request, {"user": "", "role": "write"})


@routes.post("/organisations/{organisation}/members")
async def set_role(visit: _Manage, request: Request) -> Response:
    """A user becomes a member, or has another role."""
    return await answered(request, visit, _set_role)


def _set_role(visit: Visit, request: Request, form: Fields) -> Response:
    typed = {"user": form.text("user")[:96], "role": form.text("role")[:20]}
    try:
        give_role(visit, form.needed("user"), form.needed("role"))
    except Fault as fault:
        return _members(visit, request, typed, beside(fault, {"bad-request": "role"}, "user"))
    except Wrong as wrong:
        return _members(visit, request, typed, wrong)
    return redirect(f"/organisations/{visit.space.name}", "member-set")


@routes.post("/organisations/{organisation}/members/{user}/remove")
async def remove(user: str, visit: _Manage, request: Request) -> Response:
    """A user is a member no more."""
    return await answered(request, visit, lambda visit, request, form: _remove(visit, request, user))


def _remove(visit: Visit, request: Request, user: str) -> Response:
    try:
        give_role(visit, user, None)
    except Fault as fault:
        return _members(visit, request, {"user": "", "role": "write"}, beside(fault, {}, ""))
    is_gone = user.lower() == (visit.actor.name or "").lower()
    return redirect(f"/{visit.space.name}" if is_gone else f"/organisations/{visit.space.name}", "member-gone")


def _members(visit: Visit, request: Request, typed: dict[str, Any], wrong: Wrong | None = None) -> Response:
    with visit.hub.database.reading() as session:
        members = people.members_of(session, visit.space.id)
    return page(
        request,
        visit,
        "organisation.html",
        status=wrong.status if wrong else 200,
        who=visit.space,
        members=members,
        roles=ROLES,
        typed=typed,
        wrong=wrong.shown() if wrong else {},
    )

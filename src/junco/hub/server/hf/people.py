"""Routes that say who asks, and what is liked."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from sqlalchemy import select

from junco.hub.content.card import problems_of
from junco.hub.server import audit
from junco.hub.server.access import Action
from junco.hub.server.accounts.people import organisations_of, user_of
from junco.hub.server.clock import stamp_of_hf
from junco.hub.server.hf.bodies import Card
from junco.hub.server.repos.counts import set_like
from junco.hub.server.repos.search import seen_by
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace, Token
from junco.hub.server.tables.use import Like
from junco.hub.server.visits import Visit, needs

routes = APIRouter()
_Open = Annotated[Visit, Depends(needs(Action.OPEN))]
_Somebody = Annotated[Visit, Depends(needs(Action.BE_SOMEBODY))]
_Read = Annotated[Visit, Depends(needs(Action.READ))]
_Like = Annotated[Visit, Depends(needs(Action.LIKE))]


@routes.get("/api/whoami-v2")
def whoami(visit: _Somebody) -> dict[str, Any]:
    """The user, and what the token may."""
    actor = visit.actor
    with visit.hub.database.reading() as session:
        row = session.get(Token, actor.token_id)
        organisations = organisations_of(session, actor.user_id or 0)
    is_narrow = actor.namespace_id is not None or actor.repository_id is not None
    role = "fineGrained" if is_narrow else "write" if actor.has("repo:write") else "read"
    token: dict[str, Any] = {
        "displayName": row.name if row else "",
        "role": role,
        "createdAt": stamp_of_hf(row.created if row else 0),
    }
    if is_narrow:
        token["fineGrained"] = {"scoped": [], "global": []}
    return {
        "type": "user",
        "id": str(actor.user_id),
        "name": actor.name,
        "fullname": actor.name,
        "isPro": False,
        "orgs": [{"type": "org", "name": org["name"], "roleInOrg": org["role"]} for org in organisations],
        "auth": {"type": "access_token", "accessToken": token},
    }


@routes.get("/api/agent-harnesses")
def harnesses(visit: _Open) -> dict[str, Any]:
    """Nothing; clients ask when they start."""
    return {}


@routes.post("/v1/telemetry")
def telemetry(visit: _Open) -> Response:
    """Nothing is kept of what clients tell of themselves."""
    return Response(status_code=204)


@routes.post("/api/validate-yaml")
def validate_card(body: Card, visit: _Open) -> dict[str, Any]:
    """What is wrong with a card, before it is sent."""
    problems = problems_of("README.md", body.content.encode("utf-8", "replace"))
    return {"errors": [{"message": problem} for problem in problems], "warnings": []}


@routes.post("/api/models/{namespace}/{name}/like")
def like(visit: _Like) -> dict[str, Any]:
    """The caller likes it."""
    return _set_like(visit, liked=True)


@routes.delete("/api/models/{namespace}/{name}/like")
def unlike(visit: _Like) -> dict[str, Any]:
    """The caller likes it no more."""
    return _set_like(visit, liked=False)


def _set_like(visit: Visit, *, liked: bool) -> dict[str, Any]:
    with visit.hub.database.writing() as session:
        if set_like(session, visit.actor.user_id or 0, visit.repo.id, liked=liked):
            audit.note(session, visit.actor, "like" if liked else "unlike", visit.full_name)
    return {}


@routes.get("/api/models/{namespace}/{name}/likers")
def likers(visit: _Read) -> list[dict[str, Any]]:
    """Who likes it."""
    asked = select(Namespace.name).join(Like, Like.user_id == Namespace.id)
    with visit.hub.database.reading() as session:
        names = session.scalars(asked.where(Like.repository_id == visit.repo.id).order_by(Namespace.name).limit(1000))
        return [{"user": name, "fullname": name, "type": "user"} for name in names]


@routes.get("/api/users/{user}/likes")
def likes(user: str, visit: _Open) -> list[dict[str, Any]]:
    """What a user likes, of what the caller may see."""
    with visit.hub.database.reading() as session:
        namespace, _ = user_of(session, user)
        asked = (
            select(Namespace.name, Repository.name, Like.at)
            .join(Repository, Repository.namespace_id == Namespace.id)
            .join(Like, Like.repository_id == Repository.id)
            .where(Like.user_id == namespace.id, Repository.deleted.is_(None), seen_by(visit.actor))
        )
        rows = session.execute(asked.order_by(Like.at.desc()).limit(1000)).all()
    return [
        {"createdAt": stamp_of_hf(at), "repo": {"name": f"{space}/{name}", "type": "model"}} for space, name, at in rows
    ]

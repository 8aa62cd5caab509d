"""A repository's first page: its card, how to use it, what it is made of, and what to beware of; and likes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from junco.hub.content.card import BASE, SIGNATURE
from junco.hub.server import audit
from junco.hub.server.access import Action, Actor
from junco.hub.server.accounts.names import likeness
from junco.hub.server.repos import search
from junco.hub.server.repos.counts import set_like
from junco.hub.server.repos.revisions import tree_of
from junco.hub.server.repos.trends import days_of
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace
from junco.hub.server.visits import Visit, needs
from junco.hub.web.about import About, about
from junco.hub.web.card import MOST_LETTERS, card_of
from junco.hub.web.preview import text_of
from junco.hub.web.render import base_address, form_of, page, redirect
from junco.hub.web.snippets import snippets, version_of
from junco.hub.web.standing import pipeline_in, standing

routes = APIRouter()
_Read = Annotated[Visit, Depends(needs(Action.READ, of_page=True))]
_Like = Annotated[Visit, Depends(needs(Action.LIKE, of_page=True))]
_DAYS, _MADE_OF_IT = 30, 20
_MOST_CARD = 400_000
_SOON = 2_000
"""Letters of a card, within which what it says first is not said above it as well."""


@routes.get("/{namespace}/{name}@{release}")
def at_release(release: str, visit: _Read, request: Request) -> Response:
    """A repository at a release, or at a commit."""
    return _page(visit, request, release)


@routes.get("/{namespace}/{name}")
def head(visit: _Read, request: Request) -> Response:
    """A repository at the head of its main branch."""
    return _page(visit, request, None)


def _page(visit: Visit, request: Request, revision: str | None) -> Response:
    with visit.hub.database.reading() as session:
        shown = about(session, visit, revision)
        values: dict[str, Any] = {
            "days": days_of(session, visit.repo.id, _DAYS),
            "bases": _bases(session, visit.actor, shown),
            "made": _made_of(session, visit.actor, shown),
            "digest": tree_of(session, shown.commit).digest if shown.commit is not None else None,
        }
    readme = shown.file("README.md")
    if readme is not None:
        text = text_of(visit.hub, readme, _MOST_CARD)
        values |= {"card": card_of(text, shown.name, shown.revision), "is_cut": len(text) > MOST_LETTERS}
        values["said_below"] = visit.repo.summary in " ".join(text.split())[:_SOON]
    if shown.commit is not None:
        version = version_of(shown)
        values["snippets"] = snippets(shown, base_address(request), standing(visit.hub, shown, version))
        values["version"] = version
    pipeline = pipeline_in(visit.hub, shown)
    kept = {"card": None, "is_cut": False, "snippets": [], "signature": SIGNATURE, "pipeline": pipeline, **values}
    return page(request, visit, "artefact.html", shown=shown, tab="card", **kept)


def _bases(session: Session, actor: Actor, shown: About) -> list[tuple[str, bool]]:
    """What it was made of by its own word: each name, and whether it is here, for this reader."""
    named = [tag.removeprefix(BASE) for tag in shown.repository.tags if tag.startswith(BASE)]
    pairs = {tuple(likeness(part) for part in name.split("/", 1)): name for name in named}
    asked = select(Namespace.key, Repository.key).join(Repository, Repository.namespace_id == Namespace.id)
    keys = [pair[1] for pair in pairs]
    here = {(row[0], row[1]) for row in session.execute(
        asked.where(Repository.key.in_(keys), Repository.deleted.is_(None), search.seen_by(actor))
    )}  # fmt: skip
    return [(name, pair in here) for pair, name in pairs.items()]


def _made_of(session: Session, actor: Actor, shown: About) -> list[str]:
    """What says that it was made of this one."""
    tag = f"{BASE}{shown.name}"
    found = search.search(session, actor, search.Query(tags=(tag,), limit=_MADE_OF_IT), total=False)
    return [f"{space}/{each.name}" for each, space in found.rows if tag.lower() in {tag.lower() for tag in each.tags}]


@routes.post("/{namespace}/{name}/like")
async def like(visit: _Like, request: Request) -> Response:
    """Like it, or like it no more."""
    form = await form_of(request, visit)
    liked = form.get("liked") == "yes"
    await run_in_threadpool(_set_like, visit, liked=liked)
    return redirect(f"/{visit.full_name}", "liked" if liked else "unliked")


def _set_like(visit: Visit, *, liked: bool) -> None:
    with visit.hub.database.writing() as session:
        if set_like(session, visit.actor.user_id or 0, visit.repo.id, liked=liked):
            audit.note(session, visit.actor, "like" if liked else "unlike", visit.full_name)

"""Repositories by words and facets, in an order, page by page: what the caller may see, and nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from junco.hub.server.access import Actor
from junco.hub.server.accounts.people import namespace_of
from junco.hub.server.faults import bad_request
from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace

SORTS = {
    "trending": Repository.heat,
    "downloads": Repository.downloads,
    "likes": Repository.likes,
    "updated": Repository.updated,
    "created": Repository.created,
    "name": Repository.name,
}
FACETS = {
    "kind": Repository.kind,
    "family": Repository.family,
    "task": Repository.task,
    "licence": Repository.licence,
}
_MOST_WORDS, _LONGEST = 12, 200
_TRIGRAM = 3
_MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes:
        words: each has to occur.
        namespace: whose.
        facets: values by their names in `FACETS`.
        tags: that a card has to name.
        unsafe: with or without files that can run code; ``None`` is both.
        signed: with or without a signature; ``None`` is both.
        mirrored: from another hub, or this hub's own; ``None`` is both.
        sort: one of `SORTS`.
        limit: a page's.
        after: the cursor of the page before.
    """

    words: str = ""
    namespace: str | None = None
    facets: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    unsafe: bool | None = None
    signed: bool | None = None
    mirrored: bool | None = None
    sort: str = "trending"
    limit: int = 20
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page."""

    rows: list[tuple[Repository, str]]
    next: str | None
    total: int | None
    facets: dict[str, list[dict[str, Any]]] | None


def search(session: Session, actor: Actor, query: Query, *, facets: bool = False, total: bool = True) -> Found:
    """Find.

    Raises:
        Fault: there is no such order, or the cursor is none of this search's.
    """
    conditions = _conditions(session, actor, query)
    column = SORTS.get(query.sort)
    if column is None:
        raise bad_request(f"sort is one of {', '.join(SORTS)}")
    falling = query.sort != "name"
    asked = select(Repository, Namespace.name).join(Namespace, Namespace.id == Repository.namespace_id)
    asked = asked.where(*conditions, *_after(query, column, falling=falling))
    order = (column.desc(), Repository.id.desc()) if falling else (column, Repository.id)
    rows = [(row[0], row[1]) for row in session.execute(asked.order_by(*order).limit(query.limit + 1))]
    page = rows[: query.limit]
    last = page[-1][0] if len(rows) > query.limit else None
    return Found(
        page,
        _cursor(query.sort, getattr(last, column.key), last.id) if last is not None else None,
        *_counted(session, conditions, facets=facets, total=total),
    )


def _conditions(session: Session, actor: Actor, query: Query) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Repository.deleted.is_(None), seen_by(actor)]
    conditions += [FACETS[name] == value for name, value in query.facets]
    if query.namespace is not None:
        there = namespace_of(session, query.namespace)
        conditions.append(Repository.namespace_id == (there.id if there else -1))
    if query.unsafe is not None:
        is_safe = func.json_array_length(Repository.unsafe) == 0
        conditions.append(~is_safe if query.unsafe else is_safe)
    if query.signed is not None:
        conditions.append(Repository.signed.is_(query.signed))
    if query.mirrored is not None:
        conditions.append(Repository.upstream.is_not(None) if query.mirrored else Repository.upstream.is_(None))
    words = [*query.words.lower()[:_LONGEST].split()[:_MOST_WORDS], *(tag.lower() for tag in query.tags)]
    if words:
        conditions.append(Repository.id.in_(_ids_with(session, words)))
    return conditions


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Which repositories a caller may know of: the same as `access.allow` says of `Action.READ`, for many at once."""
    if actor.user_id is None or not actor.has("repo:read"):
        return Repository.private.is_(False)
    if actor.admin and actor.has("server:admin") and actor.namespace_id is None and actor.repository_id is None:
        return Repository.id.is_not(None)
    mine: list[ColumnElement[bool]] = [Repository.namespace_id.in_(list(actor.roles))]
    if actor.namespace_id is not None:
        mine.append(Repository.namespace_id == actor.namespace_id)
    if actor.repository_id is not None:
        mine.append(Repository.id == actor.repository_id)
    return or_(Repository.private.is_(False), and_(*mine))


def _ids_with(session: Session, words: list[str]) -> Select[Any]:
    """Repositories in whose text each word occurs, wherever: taken literally, whatever signs it has."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    column: Any = literal_column("repository_texts.words", Text)
    conditions: list[Any] = []
    long = [word for word in words if len(word) >= _TRIGRAM] if is_sqlite else []
    if long:
        quoted = " AND ".join('"' + word.replace('"', '""') + '"' for word in long)
        conditions.append(text("repository_texts MATCH :match").bindparams(match=quoted))
    conditions += [column.contains(word, autoescape=True) for word in words if word not in long]
    key: Any = literal_column("repository_texts.rowid" if is_sqlite else "repository_texts.id")
    return select(key).select_from(text("repository_texts")).where(*conditions)


_Facets = dict[str, list[dict[str, Any]]]


def _counted(
    session: Session, conditions: list[ColumnElement[bool]], *, facets: bool, total: bool
) -> tuple[int | None, _Facets | None]:
    """How many there are, and of which kinds: in one pass over what fits."""
    if not facets:
        asked = select(func.count()).select_from(Repository).where(*conditions)
        return (session.scalar(asked) if total else None), None
    counted: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    number = 0
    for *values, count in session.execute(_GROUPS.where(*conditions)):
        number += count
        for name, value in zip(FACETS, values, strict=True):
            if value is not None:
                counted[name][value] = counted[name].get(value, 0) + count
    ordered = {name: sorted(found.items(), key=lambda each: (-each[1], each[0])) for name, found in counted.items()}
    return number, {
        name: [{"value": value, "count": count} for value, count in found[:_MOST_VALUES]]
        for name, found in ordered.items()
    }


_GROUPS = select(*FACETS.values(), func.count()).group_by(*FACETS.values())


def _after(query: Query, column: Any, *, falling: bool) -> list[ColumnElement[bool]]:
    if query.after is None:
        return []
    value, key = _read_cursor(query)
    if falling:
        return [or_(column < value, and_(column == value, Repository.id < key))]
    return [or_(column > value, and_(column == value, Repository.id > key))]


def _cursor(sort: str, value: Any, key: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, value, key]).encode()).decode().rstrip("=")


def _read_cursor(query: Query) -> tuple[Any, int]:
    after = query.after or ""
    try:
        sort, value, key = json.loads(base64.urlsafe_b64decode(after[:500] + "=" * (-len(after) % 4)))
    except (ValueError, TypeError):
        raise bad_request("after is the next of a page before") from None
    fits = _is_name(value) if query.sort == "name" else _is_number(value)
    if sort != query.sort or not fits or type(key) is not int or not _is_number(key):
        raise bad_request("after is the next of a page before, of the same search")
    return value, key


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.isascii()  # as all names are


def _is_number(value: Any) -> bool:
    """One that every database knows."""
    return type(value) in {int, float} and abs(value) < 2**63

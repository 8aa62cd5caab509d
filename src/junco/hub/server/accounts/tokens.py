"""Tokens: made, shown once, found again by their sha256, revoked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from junco.hub.content.token_text import digest, is_whole, new_token
from junco.hub.server.access import SCOPES, Actor
from junco.hub.server.clock import DAY, now, stamp, today
from junco.hub.server.faults import Fault, unauthenticated
from junco.hub.server.tables.people import Member, Namespace, Token, User

LONGEST_DAYS, USUAL_DAYS = 366, 90
MOST = 100
"""Tokens of one user that are good at a time."""


def make_token(
    session: Session,
    user_id: int,
    name: str,
    scopes: Iterable[str],
    days: int = USUAL_DAYS,
    restricted: tuple[int | None, int | None] = (None, None),
) -> tuple[str, Token]:
    """A new token, and its row; the text is nowhere afterwards but with whoever asked.

    Args:
        session: that writes.
        user_id: whose it is.
        name: by which the user knows it.
        scopes: what it may be used for.
        days: that it is good for.
        restricted: to a namespace, to a repository.

    Raises:
        Fault: there is no such scope, or there are too many tokens.
    """
    wanted = sorted(set(scopes))
    if not wanted or set(wanted) - set(SCOPES) or not 1 <= days <= LONGEST_DAYS:
        why = f"scopes are of {', '.join(SCOPES)}; days are 1 to {LONGEST_DAYS}"
        raise Fault(422, "invalid", why, {"fields": ["scopes", "days"]})
    if len(tokens_of(session, user_id, good=True)) >= MOST:
        raise Fault(409, "taken", f"a user has at most {MOST} tokens: revoke one")
    text = new_token()
    row = Token(
        user_id=user_id,
        name=name[:96],
        prefix=text[:8],
        digest=digest(text),
        scopes=" ".join(wanted),
        namespace_id=restricted[0],
        repository_id=restricted[1],
        created=now(),
        expires=now() + days * DAY,
    )
    session.add(row)
    session.flush()
    return text, row


def tokens_of(session: Session, user_id: int, *, good: bool = False) -> Sequence[Token]:
    """A user's, the newest first; with ``good`` those alone that can be used."""
    asked = select(Token).where(Token.user_id == user_id).order_by(Token.id.desc())
    if good:
        asked = asked.where(Token.revoked.is_(None), Token.expires > now())
    return session.scalars(asked).all()


def actor_of(session: Session, text: str, address: str) -> tuple[Actor, bool]:
    """Whom a token is of, and whether this is its first use today.

    Raises:
        Fault: the token is unknown, expired or revoked, or its user may not enter.
    """
    row = session.scalar(select(Token).where(Token.digest == digest(text))) if is_whole(text) else None
    return token_actor(session, row, address)


def token_actor(session: Session, row: Token | None, address: str) -> tuple[Actor, bool]:
    """The same, of a token's row."""
    if row is None or row.revoked is not None or row.expires <= now():
        raise unauthenticated("the token is unknown, expired or revoked: junco hub login makes a new one")
    actor = user_actor(
        session,
        row.user_id,
        address,
        scopes=frozenset(row.scopes.split()),
        namespace_id=row.namespace_id,
        repository_id=row.repository_id,
        token_id=row.id,
    )
    return actor, row.last_used_day != today()


def user_actor(session: Session, user_id: int, address: str, **more: Any) -> Actor:
    """A user as a caller, with all scopes unless others are given.

    Raises:
        Fault: the user may not enter.
    """
    found = session.execute(
        select(User, Namespace.name).join(Namespace, Namespace.id == User.id).where(User.id == user_id)
    ).one_or_none()
    if found is None or found[0].disabled:
        raise unauthenticated("this user may not enter: ask who runs the hub")
    memberships = session.execute(select(Member.organisation_id, Member.role).where(Member.user_id == user_id))
    roles: dict[int, str] = {**dict(memberships.all()), user_id: "admin"}
    more.setdefault("scopes", frozenset(SCOPES))
    return Actor(user_id=user_id, name=found[1], admin=found[0].admin, roles=roles, address=address, **more)


def note_use(session: Session, token_id: int) -> None:
    """Write down that a token was used today."""
    session.execute(update(Token).where(Token.id == token_id).values(last_used_day=today()))


def revoke(session: Session, token_id: int, user_id: int) -> bool:
    """Whether there was such a token of the user's, which is no good any more."""
    asked = update(Token).where(Token.id == token_id, Token.user_id == user_id, Token.revoked.is_(None))
    done: Any = session.execute(asked.values(revoked=now()))
    return bool(done.rowcount)


def revoke_leaked(session: Session, texts: Iterable[str]) -> int:
    """How many of these were tokens of this hub, which are no good any more."""
    digests = [digest(text) for text in texts]
    asked = update(Token).where(Token.digest.in_(digests), Token.revoked.is_(None)).values(revoked=now())
    done: Any = session.execute(asked)
    return int(done.rowcount)


def described(row: Token) -> dict[str, Any]:
    """A token as answers show it: never itself."""
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes.split(),
        "created": stamp(row.created),
        "expires": stamp(row.expires),
        "last_used": stamp(None if row.last_used_day is None else row.last_used_day * DAY),
        "revoked": row.revoked is not None,
    }

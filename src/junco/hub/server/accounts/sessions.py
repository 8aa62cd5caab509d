"""A browser that has logged in: a cookie that scripts cannot read, and a word in each form that other sites lack."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import delete
from sqlalchemy.orm import Session
from starlette.responses import Response

from junco.hub.content.token_text import digest
from junco.hub.server.access import Actor
from junco.hub.server.accounts.tokens import user_actor
from junco.hub.server.clock import DAY, now
from junco.hub.server.faults import Fault, forbidden
from junco.hub.server.tables.people import Session as Row

GOOD_S = 14 * DAY


@dataclass(frozen=True, slots=True)
class Browser:
    """Whoever looks at pages: the caller, and the word that its forms carry (``None`` before a login)."""

    actor: Actor
    form_token: str | None = None


def cookie_name(request: Request) -> str:
    """``__Host-`` where the address is TLS's: browsers then keep it to this very host."""
    return "__Host-junco" if request.url.scheme == "https" else "junco"


def open_session(session: Session, user_id: int) -> str:
    """A new session's cookie. It is always a new one: nobody logs in to a session that somebody else has begun."""
    text = secrets.token_urlsafe(32)
    session.add(
        Row(
            digest=digest(text),
            user_id=user_id,
            form_token=secrets.token_urlsafe(24),
            created=now(),
            expires=now() + GOOD_S,
        )
    )
    session.flush()
    return text


def set_cookie(request: Request, response: Response, text: str) -> None:
    """Give a browser its cookie."""
    is_tls = request.url.scheme == "https"
    response.set_cookie(
        cookie_name(request), text, max_age=GOOD_S, path="/", secure=is_tls, httponly=True, samesite="lax"
    )


def browser_of(session: Session, request: Request) -> Browser:
    """Who looks at a page; nobody where there is no session, or it has ended."""
    address = request.client.host if request.client else ""
    text = request.cookies.get(cookie_name(request))
    row = session.get(Row, digest(text)) if text else None
    if row is None or row.expires <= now():
        return Browser(Actor(address=address))
    try:
        return Browser(user_actor(session, row.user_id, address), row.form_token)
    except Fault:
        return Browser(Actor(address=address))


def check_form(browser: Browser, given: str) -> None:
    """A form is this hub's own.

    Raises:
        Fault: it is not.
    """
    if browser.form_token is None or not hmac.compare_digest(browser.form_token.encode(), given.encode()):
        raise forbidden("this form is not the hub's, or from before the last login: load the page anew")


def close_others(session: Session, request: Request, user_id: int) -> None:
    """A user's other browsers have to log in again."""
    mine = digest(request.cookies.get(cookie_name(request), ""))
    session.execute(delete(Row).where(Row.user_id == user_id, Row.digest != mine))


def close_session(session: Session, request: Request) -> None:
    """The browser's session is no more, here as well."""
    if text := request.cookies.get(cookie_name(request)):
        session.execute(delete(Row).where(Row.digest == digest(text)))

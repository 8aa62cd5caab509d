"""From a template and values to a page: the one place that does it.

To add a page: (1) a module here with ``routes = APIRouter()``, whose router stands in `pages.ROUTERS`, before those of
repositories; its first part of the address stands in `names.RESERVED`. (2) A route is a plain function (no ``async``)
with ``visit: Annotated[Visit, Depends(needs(Action.…, of_page=True))]`` and ``request: Request``: ``of_page`` lets the
browser's session say who asks, so ``visit.actor`` is that user, and ``visit.actor.user_id`` is ``None`` for nobody.
(3) It ends in ``page(request, visit, "name.html", value=…)``; the template begins ``{% extends "base.html" %}`` and
fills ``title`` and ``content``; macros: ``{% from "macros.html" import row, field with context %}``. (4) Every text is
``{{ t("English") }}``, with its Chinese in ``words/zh/*.yaml`` (a test compares them); what comes from elsewhere and
stands within a sentence is ``{{ value|literal }}``. (5) A form has ``method="post"`` and ``{{ form_token() }}``; its
route is ``async``, takes ``form = await form_of(request, visit)`` (which refuses other sites' forms), works in
``run_in_threadpool``, and ends in ``redirect(address, "key of words.SAID")``. (6) No style and no script in a template:
both stand in ``static/``. What fails raises `Fault`; `failures` makes the page of it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from junco.hub.server.accounts.sessions import Browser, check_form
from junco.hub.server.faults import bad_request
from junco.hub.server.hub import hub_of
from junco.hub.server.visits import Visit
from junco.hub.web import drawings, figures, scatter
from junco.hub.web.words import LANGUAGES, SAID, translated, wanted_language

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
THEMES = {"": "As the system", "light": "Light", "dark": "Dark"}
LANGUAGE_COOKIE, THEME_COOKIE, SAID_COOKIE = "junco-language", "junco-theme", "junco-said"
KIND_NAMES = {
    "operator": "operator",
    "tuned-operator": "tuned operator",
    "pipeline": "pipeline",
    "family": "family",
    "dataset": "data set",
    "model": "model",
}
_MOST_FIELDS = 50


def page(
    request: Request,
    visit: Visit | None,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    """A page as an answer.

    Args:
        request: that asks for it.
        visit: who looks; ``None`` where that is not known, as of a request that failed.
        template: in ``templates/``.
        status: of HTTP.
        headers: further ones.
        values: that the template names.
    """
    message = SAID.get(request.cookies.get(SAID_COOKIE, ""))
    shown = environment().get_template(template).render(**_known(request, visit), message=message, **values)
    response = Response(shown, status, headers, "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Content-Language"] = language_of(request)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers["Vary"] = "Cookie, Accept-Language, Authorization"
    if SAID_COOKIE in request.cookies:
        response.delete_cookie(SAID_COOKIE, path="/")
    return response


def redirect(address: str, said: str | None = None) -> Response:
    """To another page of the hub, by GET, after a form; which says something once (a key of `words.SAID`)."""
    response = RedirectResponse(own_address(address), 303)
    if said is not None:
        assert said in SAID, said
        response.set_cookie(SAID_COOKIE, said, max_age=60, path="/", httponly=True, samesite="lax")
    return response


def own_address(address: str) -> str:
    """An address of this hub's; ``/`` for what leads elsewhere, or could be read so."""
    plain = address.isprintable() and "\\" not in address and len(address) <= 2000
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"


async def form_of(request: Request, visit: Visit) -> FormData:
    """The fields of a form of this hub's own page.

    Raises:
        Fault: it is no form, or another site's page sent it.
    """
    try:
        form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
        "".join(each for pair in form.multi_items() for each in pair if isinstance(each, str)).encode()
    except (ValueError, AssertionError):  # also of what another encoding makes of bytes, and no text is
        raise bad_request("a form is meant") from None
    if visit.actor.token_id is None and visit.actor.user_id is not None:  # no browser sends a token by itself
        check_form(Browser(visit.actor, visit.form_token), str(form.get("form_token", "")))
    return form


def language_of(request: Request) -> str:
    """The language that was chosen, else the one that the browser likes."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else wanted_language(request.headers.get("accept-language", ""))


def theme_of(request: Request) -> str:
    """``"light"`` or ``"dark"`` where it was chosen, else ``""``."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def base_address(request: Request) -> str:
    """The hub's own address, as this browser calls it: ``https://hub.example``."""
    return str(request.base_url).rstrip("/")


def _known(request: Request, visit: Visit | None) -> dict[str, Any]:
    """What every template has."""
    browser: Browser | None = getattr(request.state, "browser", None)
    actor = visit.actor if visit is not None else browser.actor if browser is not None else None
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return {
        "language": language_of(request),
        "theme": theme_of(request),
        "user": actor.name if actor is not None else None,
        "is_admin": actor is not None and actor.admin,
        "form_word": browser.form_token if browser is not None else None,
        "hub": hub_of(request),
        "address": base_address(request),
        "here": here if request.method == "GET" else "/",
        "path": request.url.path,
        "asked": request.query_params.get("q", "")[:200] if request.url.path == "/search" else "",
    }


@cache
def environment() -> Environment:
    """Of all templates: what is put into them is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("junco.hub.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "t": _t,
        "many": _many,
        "form_token": _form_token,
        "static": static_address,
        "sparkline": drawings.sparkline,
        "symbol": scatter.symbol,
        "languages": LANGUAGES,
        "themes": THEMES,
        "kind_names": KIND_NAMES,
    }
    made.filters |= {
        "compact": figures.compact,
        "size": figures.size,
        "number": lambda number: f"{number:,}",
        "ago": pass_context(lambda context, seconds: figures.ago(seconds, context["language"])),
        "when": figures.when,
        "literal": figures.literal,
        "quoted": lambda text: quote(str(text), safe="/@.+-_~"),
    }
    return made


@pass_context
def _t(context: Context, text: str, **values: Any) -> str:
    """A text of the pages in the reader's language."""
    return translated(context["language"], text, **values)


@pass_context
def _many(context: Context, number: int, one: str, several: str) -> str:
    return figures.many(context["language"], number, one, several)


@pass_context
def _form_token(context: Context) -> Markup:
    """The hidden field of every form that changes something."""
    return Markup('<input type="hidden" name="form_token" value="{}">').format(context["form_word"] or "")


@cache
def static_file(name: str) -> tuple[bytes, str]:
    """A file of ``static/``, and the mark of its content.

    Raises:
        FileNotFoundError: there is none.
    """
    data = files("junco.hub.web").joinpath("static", name).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:16]


def static_address(name: str) -> str:
    """Where browsers get a file of ``static/``, which they keep for as long as it is the same."""
    return f"/static/{name}?v={static_file(name)[1]}"

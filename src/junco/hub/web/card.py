"""A card, which anybody may have written, as markup that does nothing: Markdown, and of that only what is harmless.

Pictures come from the same repository alone, by the route that checks them; links go out without a word of where from.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from markupsafe import Markup

from junco.hub.content.card import without_front_matter

MOST_LETTERS = 100_000
"""What Markdown makes slow (thousands of open brackets) takes a second at this length, and ten at three times it."""
_TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "ol": {"start"},
    "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "h5": {"id"}, "h6": {"id"},
    "div": {"align"}, "p": {"align"},
    "details": {"open"},
}  # fmt: skip
_NUMBERS = {"width", "height", "colspan", "rowspan", "start"}
_ID = "card-"
_RASTER = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def card_of(text: str, name: str, revision: str) -> Markup:
    """The card of a README: its front matter is left out.

    Args:
        text: Markdown.
        name: ``namespace/name`` of the repository.
        revision: that its links and pictures lead to.
    """
    return _rendered(without_front_matter(text)[:MOST_LETTERS], name, revision)


@lru_cache(maxsize=32)
def _rendered(text: str, name: str, revision: str) -> Markup:
    import nh3

    clean = nh3.clean(
        _markdown().render(text),
        tags=_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title"},
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(name, revision),
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
        strip_comments=True,
        generic_attribute_prefixes=set(),
    )
    # texts are escaped by now, so these are tags; what is too wide is scrolled, by the keyboard too
    clean = clean.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Markup(clean.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - it is what nh3 left


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": True, "maxNesting": 40}).enable(["table", "strikethrough"])
    made.core.ruler.push("card", _mend)
    return made


def _mend(state: Any) -> None:
    """Headings stand beneath the page's own and can be led to; columns keep their side without a style."""
    seen: dict[str, int] = {}
    for number, token in enumerate(state.tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
            if token.type == "heading_open":
                token.attrSet("id", _ID + _slug(state.tokens[number + 1].content, seen))
        elif token.type in {"th_open", "td_open"} and (style := token.attrs.pop("style", None)):
            token.attrSet("align", str(style).rpartition(":")[2])


def _slug(text: str, seen: dict[str, int]) -> str:
    """As Markdown's readers know a heading: in small letters, with hyphens; the second of one name has a number."""
    plain = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")[:80]
    number = seen[plain] = seen.get(plain, -1) + 1
    return f"{plain}-{number}" if number else plain


def _filter(name: str, revision: str) -> Callable[[str, str, str], str | None]:
    def kept(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return _picture(value, name, revision)
        if attribute == "href":
            return _link(value, name, revision)
        if attribute == "id":
            return value if value.startswith(_ID) else None
        if attribute in _NUMBERS:
            return value if value.isascii() and value.rstrip("%").isdigit() and len(value) < 6 else None
        if attribute == "align":
            return value if value in {"left", "right", "center"} else None
        return value

    return kept


def _picture(address: str, name: str, revision: str) -> str | None:
    path = _path(address)
    if path is None or not path.lower().endswith(_RASTER):
        return None
    return f"/{name}/raster/{quote(revision)}/{quote(path)}"


def _link(address: str, name: str, revision: str) -> str | None:
    address = address.strip()
    if address.startswith("#"):
        return f"#{_ID}{address[1:].removeprefix(_ID)}"
    try:
        scheme = urlsplit(address).scheme
    except ValueError:  # "http://[": nh3 would write what is raised to the log, with its traceback
        return None
    if scheme:
        return address  # of the schemes that may be
    path = _path(address)
    return f"/{name}/blob/{quote(revision)}/{quote(path)}" if path is not None else None


def _path(address: str) -> str | None:
    """The path of a file of the repository that an address leads to; ``None`` where it leads elsewhere."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/") or "\\" in address:
        return None
    path = posixpath.normpath(unquote(parts.path))
    return None if path.startswith("..") or path == "." or not path.isprintable() else path

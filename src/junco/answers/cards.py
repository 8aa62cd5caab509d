"""Rows of a set as cards: a score, a name, and what there is to see of what the row came from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from junco.answers.brought import Brought, brought, kind_of, own_text, part_of
from junco.answers.hits import Hit, said
from junco.pages.colours import ON_PAGES, OVER_PICTURES, Colours
from junco.pages.media import SMALL_SIDE, Media
from junco.pages.style import words
from junco.pages.texts import text
from junco.pages.values import is_page, is_picture
from junco.pages.wholes import Whole, line_of, seen_whole
from junco.types import Page


class Seen(NamedTuple):
    """What a card shows beneath its score.

    Attributes:
        name: of the row's input; empty where the markup says it.
        body: markup.
    """

    name: str
    body: str


See = Callable[[Hit], Seen]


def cards(hits: Sequence[Hit], see: See, link: Callable[[Hit], str] | None = None) -> str:
    """A card for each row, side by side where these are pictures.

    Args:
        hits: the rows.
        see: what a card shows of one.
        link: where a card leads to, if anywhere.
    """
    if not hits:
        return ""
    inner = "\n".join(_card(hit, see(hit), link(hit) if link else "") for hit in hits)
    return f'<div class="rows found{_layout({kind_of(hit.key) for hit in hits})}">{inner}</div>'


def _layout(kinds: set[str]) -> str:
    """How cards are laid out: side by side, wider for players; texts in one column or two."""
    if kinds <= {"picture", "video"}:
        return " tiles"
    return " tiles wide" if kinds <= {"picture", "video", "sound"} else " texts"


def _card(hit: Hit, seen: Seen, href: str) -> str:
    name = f'<bdi title="{words(hit.key)}">{words(seen.name)}</bdi>' if seen.name else ""
    named = f'<a href="{words(href)}">{name or "more like this"}</a>' if href else name
    if math.isnan(hit.score):
        head = f'<div class="place">{named}</div>'
    else:
        width = 100 * min(1.0, max(0.0, hit.score))
        bar = f'<path d="M0 0h{width:.0f}v1H0z"/>'
        head = (
            f'<div class="place"><b>{hit.score:.3f}</b> {named}</div>'
            f'<svg class="score" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'
        )
    focus = "" if href else ' tabindex="0"'
    return f'<article class="row"{focus}>{head}{seen.body}</article>'


def short_name(key: str) -> str:
    """The name of a file without its folders; any other key as it is."""
    return key.replace("\\", "/").rsplit("/", 1)[-1] or key if kind_of(key) else key


def about(hit: Hit, whole: Any = None) -> str:
    """A row's other columns in a line, but for its text, and for a page's number where the page itself is shown."""
    values = [value for value in hit.columns.values() if not _is_chunk(value)]
    if is_page(whole):
        values = [value for value in values if not isinstance(part_of(value), Page)]
    return ", ".join(line for value in values if (line := said(value)))


def read_again(media: Media, *, sources: bool = False) -> See:
    """Cards that show what a row came from, read again.

    Args:
        media: room for pictures and sounds.
        sources: also what lies neither beneath the working folder nor beneath the set's.
    """

    def see(hit: Hit) -> Seen:
        found = brought(hit, sources=sources)
        line = about(hit, found.whole)
        body = seen_of(found, media, line)
        if line and not is_picture(found.whole):  # whose caption it is
            body += _line(line)
        return Seen("" if found.whole is hit.key else short_name(hit.key), body)

    return see


def in_words(hit: Hit) -> Seen:
    """What the set itself holds of a row: nothing is read."""
    own, line = own_text(hit), about(hit)
    shown = "" if own is None else text(own)
    return Seen("" if own is hit.key else short_name(hit.key), shown + (_line(line) if line else ""))


def _line(text: str) -> str:
    return f'<p class="about" dir="auto">{words(text)}</p>'


def seen_of(found: Brought, media: Media, caption: str = "", side: int = SMALL_SIDE) -> str:
    """What was brought back, as markup, and why what is missing is."""
    why = f'<p class="faint">{words(found.why)}</p>' if found.why else ""
    if found.whole is None:
        return why
    if isinstance(found.whole, str):
        return text(found.whole) + why
    line = caption if is_picture(found.whole) else line_of(found.whole)
    whole = Whole(found.whole, line, list(found.parts))
    return seen_whole(whole, media, (Colours(OVER_PICTURES), Colours(ON_PAGES)), side) + why


def _is_chunk(value: Any) -> bool:
    """Whether it is a text, which is shown as one."""
    return isinstance(value, Mapping) and "text" in value

"""Answers as a page: for each question what it was, then a card for each row with what there is to see of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from junco.answers.brought import Brought, brought, kind_of
from junco.answers.groups import Groups
from junco.answers.hits import Hit, Hits, said
from junco.errors import TargetError
from junco.pages.colours import ON_PAGES, OVER_PICTURES, Colours
from junco.pages.letters import amount
from junco.pages.media import SMALL_SIDE, Media
from junco.pages.style import page, words
from junco.pages.summary import titled
from junco.pages.texts import text
from junco.pages.values import is_picture
from junco.pages.wholes import Whole, line_of, seen_whole

MOST_ROWS = 200
"""Of an answer that are shown; the others are in the set, and in ``--json``."""
MOST_GROUPS, MOST_OF_A_GROUP = 100, 12
MOST_BYTES = 40_000_000
"""Of pictures and sounds on a page; what comes after them has its words alone."""


def write_page(path: Path, title: str, body: str) -> None:
    """Write a page that stands alone.

    Args:
        path: where to.
        title: what was searched.
        body: the markup of `answers_body` or `groups_body`.

    Raises:
        TargetError: the file cannot be written.
    """
    try:
        path.write_text(page(title, body), "utf-8")
    except OSError as error:
        raise TargetError(f"{path} cannot be written: {error.strerror or error}") from None


def answers_body(title: str, answers: Iterable[Hits], *, sources: bool = False) -> str:
    """The markup of answers; ``sources``: with what lies neither beneath the working folder nor beneath the set's."""
    media = Media(MOST_BYTES)
    return "\n".join([_title(title), *(_answer(hits, media, sources=sources) for hits in answers)])


def _title(title: str) -> str:
    return f"<h1>{words(title)}</h1>" if title else ""


def _answer(hits: Hits, media: Media, *, sources: bool) -> str:
    question = hits.question
    head = f'<header><h2>{words(question)}</h2><span class="faint">{amount(len(hits), "row")}</span></header>'
    more = len(hits) - MOST_ROWS
    left = f'<p class="faint">… {amount(more, "more row")}</p>' if more > 0 else ""
    shown = cards(hits[:MOST_ROWS], media, sources=sources) or _NOTHING
    return f'<section class="card">{head}{_asked(question, media)}{shown}{left}</section>'


def _asked(question: str, media: Media) -> str:
    """The picture or sound that was asked with, which the caller named; nothing of a phrase that ends like one."""
    found = brought(Hit(question, 1.0), sources=True) if kind_of(question) in ("picture", "sound") else Brought(None)
    return "" if found.whole is None else _seen(found, media)


def set_body(title: str, hits: Sequence[Hit], num_rows: int) -> str:
    """The markup of a set: what it is, and its first rows, with what there is to see of them beneath its folders."""
    more = num_rows - len(hits)
    left = [f"… {amount(more, 'more row')}"] if more > 0 else []
    name, _, said = title.partition(": ")
    return titled(name, said, left, cards(hits, Media(MOST_BYTES), scored=False))


_NOTHING = '<p class="faint">nothing was found</p>'


def groups_body(title: str, groups: Groups, *, sources: bool = False) -> str:
    """The markup of groups, a sheet of each; ``sources`` as in `answers_body`."""
    media = Media(MOST_BYTES)
    shown = groups[:MOST_GROUPS]
    more = len(groups) - len(shown)
    parts = [_title(title), f'<p class="faint">{words(groups.headline)}</p>']
    for number, group in enumerate(shown, 1):
        head = f'<header><span class="number">{number}</span><h2>{amount(len(group), "row")}</h2></header>'
        left = len(group) - MOST_OF_A_GROUP
        rest = f'<p class="faint">… {amount(left, "more row")}</p>' if left > 0 else ""
        sheet = cards(group.hits[:MOST_OF_A_GROUP], media, sources=sources)
        parts.append(f'<section class="card">{head}{sheet}{rest}</section>')
    return "\n".join([*parts, f'<p class="faint">… {amount(more, "more group")}</p>' if more > 0 else ""])


def cards(hits: Sequence[Hit], media: Media, *, sources: bool = False, scored: bool = True) -> str:
    """A card for each row, side by side where these are pictures; ``scored``: with its score."""
    if not hits:
        return ""
    inner = "\n".join(_card(hit, brought(hit, sources=sources), media, scored=scored) for hit in hits)
    return f'<div class="rows{_look({kind_of(hit.key) for hit in hits})}">{inner}</div>'


def _look(kinds: set[str]) -> str:
    """How cards are laid out: side by side, wider for players; texts beneath each other."""
    if kinds <= {"picture", "video"}:
        return " tiles"
    return " tiles wide" if kinds <= {"picture", "video", "sound"} else ""


def _card(hit: Hit, found: Brought, media: Media, *, scored: bool) -> str:
    about = ", ".join(line for value in hit.columns.values() if not _is_chunk(value) and (line := said(value)))
    key = "" if found.whole is hit.key else words(hit.key)
    score = f"<b>{hit.score:.3f}</b> " if scored else ""
    lines = [f'<div class="place">{score}{key}</div>']
    if scored:
        share = 100 * max(0.0, hit.score)
        lines.append(f'<div class="bar" aria-hidden="true"><i style="width:{share:.0f}%"></i></div>')
    lines.append(_seen(found, media, about))
    if about and not is_picture(found.whole):  # whose caption it is
        lines.append(f'<p class="about">{words(about)}</p>')
    return f'<article class="row" tabindex="0"><div>{"".join(lines)}</div></article>'


def _seen(found: Brought, media: Media, caption: str = "") -> str:
    why = f'<p class="faint">{words(found.why)}</p>' if found.why else ""
    if found.whole is None:
        return why
    if isinstance(found.whole, str):
        return text(found.whole) + why
    line = caption if is_picture(found.whole) else line_of(found.whole)
    whole = Whole(found.whole, line, list(found.parts))
    return seen_whole(whole, media, (Colours(OVER_PICTURES), Colours(ON_PAGES)), SMALL_SIDE) + why


def _is_chunk(value: Any) -> bool:
    """Whether it is a text, which is shown as one."""
    return isinstance(value, Mapping) and "text" in value

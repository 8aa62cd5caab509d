"""A picture, a sound or a text together with what was found in it: boxes, segments, chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from junco.pages.colours import Colours
from junco.pages.media import SIDE, Media
from junco.pages.pictures import picture
from junco.pages.sounds import sound
from junco.pages.spans import Span, span_of
from junco.pages.style import words
from junco.pages.texts import marked
from junco.pages.values import box_of, is_chunk, is_frame, is_page, is_picture, is_sound, is_stretch, line
from junco.wording import NOT_OURS

MOST_LOOKED_AT = 10_000
"""Rows that are looked through."""


@dataclass(slots=True)
class Whole:
    """What parts were found in.

    Attributes:
        value: a picture, a sound, a page or a text.
        text: its line.
        parts: values of any kind, of which its boxes, segments or chunks are marked.
        shape: of a picture, where only some of its pixels were kept.
        spans: of a sound, what is heard in it; its parts where there are none.
    """

    value: Any
    text: str
    parts: list[Any] = field(default_factory=list)
    shape: tuple[int, ...] | None = None
    spans: Sequence[Span] = ()


def seen_whole(whole: Whole, media: Media, colours: tuple[Colours, Colours], side: int = SIDE) -> str:
    """A whole with its parts marked; never raises.

    Args:
        whole: what to show.
        media: room for it.
        colours: of labels over pictures, and on the page.
        side: of a picture, the longest in pixels of the page.
    """
    try:
        return _seen(whole, media, colours, side)
    except NOT_OURS:  # a value of somebody else's class must not hide the others
        return f'<code class="wrapped">{words(whole.text)}</code>'


def _seen(whole: Whole, media: Media, colours: tuple[Colours, Colours], side: int) -> str:
    value, text, parts = whole.value, whole.text, whole.parts
    if is_sound(value):
        spans = whole.spans or [span for part in parts if (span := span_of(part))]
        return sound(value, text, media, spans=spans, colours=colours[1])
    if is_picture(value):
        boxes = [part for part in parts if box_of(part) is not None]
        return picture(value, text, media, side=side, boxes=boxes, shape=whole.shape, colours=colours[0])
    chunks = [part for part in parts if is_chunk(part)]
    if is_page(value):
        return f'<p class="place">page {value.number}</p>{marked(value.text, chunks)}'
    return marked(str(value or ""), chunks)


def wholes_of(rows: Sequence[Sequence[Any]]) -> tuple[list[Whole], set[int]]:
    """The wholes in rows that name one and its part, each once, and the columns that they stand in.

    Pictures and sounds count without parts too; a page does with a chunk of it alone.
    """
    found: dict[int, Whole] = {}
    columns: set[int] = set()
    for row in rows[:MOST_LOOKED_AT]:
        for column, value in enumerate(row):
            part_of = _part_of(value)
            if part_of is None:
                continue
            parts = [part for part in row if part is not value and part_of(part)]
            if parts or not is_page(value):
                found.setdefault(id(value), Whole(value, line_of(value))).parts.extend(parts)
                columns.add(column)
                break
    return list(found.values()), columns


def line_of(value: Any) -> str:
    """A whole in a line; of a frame or a page what matters beside many."""
    if is_page(value):
        return f"page {value.number}"
    return line(value).partition(",")[0] if is_frame(value) else line(value)


def _part_of(value: Any) -> Any:
    """What tells whether another value is a part of this one; ``None`` for what is no whole."""
    if is_sound(value):
        return is_stretch
    if is_picture(value):
        return lambda part: box_of(part) is not None
    if is_page(value):
        return lambda part: is_chunk(part) and value.text[part.start : part.end] == part.text
    return None

"""Which pieces of a text do not stand alone: a heading goes with what it is the heading of, a scrap (a page number, a
bullet, a ``No.``) with what stands beside it. A vector of either says little, and is near to nearly everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from junco.builtin.text_split.split import Span

ITEM = re.compile(r"\s*(?:[-*+•‣–#>|]|\d+[.)])\s")
"""How a line begins that goes on with none before it."""
_FIRST_EAST_ASIAN = "\u2e80"
"""From here on a letter says as much as two."""
_MARKED_HEADING = re.compile(r"\s*#{1,6}[^\S\r\n]+\S")
_ENDED = re.compile(r"[.!?。！？…।؟;；,，、]['\"”’»)\]」』）]*\s*$")
_LINE_ENDS = re.compile(r"[^\S\r\n\x0b\f\x85\u2028\u2029]*(?:[\r\n\x0b\f\x85\u2028\u2029]|\Z)")
_LONGEST_HEADING = 60
"""Letters of a line that may be a heading by its look."""
_MOST_HEADINGS = 3
"""One below the other: more lines of that kind are a list."""


def with_neighbours(text: str, spans: Iterable[Span], least_letters: int, most: int) -> Iterator[Span]:
    """The pieces, those that do not stand alone joined with a neighbour where both have room in ``most`` characters.

    Args:
        text: what they are pieces of.
        spans: where they start and end, in their order; between them is white space at most.
        least_letters: a piece with fewer is a scrap.
        most: characters of what is joined.
    """
    return _with_scraps(text, _with_headings(text, spans, most), least_letters, most)


def _with_headings(text: str, spans: Iterable[Span], most: int) -> Iterator[Span]:
    held: list[Span] = []  # headings, if what follows says so
    is_list = False
    starts_line = True
    for span in spans:
        start, end = span
        is_marked = _MARKED_HEADING.match(text, start, end) is not None
        may_be_one = starts_line and (is_marked or _looks_like_heading(text, start, end))
        starts_line = _ends_line(text, start, end)
        is_list = is_list and may_be_one and not is_marked
        if not may_be_one:
            yield from _headed(text, held, span, most)
            held = []
        elif is_list:
            yield span
        else:
            held.append(span)
            if is_list := len(held) > _MOST_HEADINGS or end - held[0][0] > most:
                yield from _marked_joined(text, held, most)
                held = []
    yield from _marked_joined(text, held, most)


def _headed(text: str, headings: list[Span], span: Span, most: int) -> Iterator[Span]:
    """A piece with the headings above it, where they are its own."""
    start, end = span
    if not headings or end - headings[0][0] > most or not _has_heading(text, start, end):
        yield from _marked_joined(text, [*headings, span], most)
    else:
        yield headings[0][0], end


def _has_heading(text: str, start: int, end: int) -> bool:
    """Whether a line above that looks like a heading is this piece's: a sentence that begins anew, or an item."""
    piece = text[start:end]
    return ITEM.match(piece) is not None or (_ENDED.search(piece) is not None and not piece.lstrip()[:1].islower())


def _marked_joined(text: str, spans: list[Span], most: int) -> Iterator[Span]:
    """Pieces, the headings that are marked with ``#`` with what follows them."""
    spans = list(spans)
    for (first, last), (_, end) in list(pairwise(spans)):
        if _MARKED_HEADING.match(text, first, last) is not None and end - spans[0][0] <= most:
            spans[:2] = [(spans[0][0], end)]
        else:
            yield spans.pop(0)
    yield from spans


def _looks_like_heading(text: str, start: int, end: int) -> bool:
    """Whether a piece is a short line without an end, and neither an item of a list nor the row of a table."""
    piece = text[start:end]
    return (
        _ENDED.search(piece) is None
        and _ends_line(text, start, end)
        and "\t" not in piece.strip()
        and ITEM.match(piece) is None
        and 0 < _letters(piece, _LONGEST_HEADING + 1) <= _LONGEST_HEADING
    )


def _with_scraps(text: str, spans: Iterable[Span], least_letters: int, most: int) -> Iterator[Span]:
    """Scraps go with what stands before them, or else with what follows."""
    held: Span | None = None
    for span in _begun(text, spans, least_letters, most):
        if held is None:
            held = span
        elif span[1] - held[0] <= most and (
            _is_scrap(text, held, least_letters) or _is_scrap(text, span, least_letters)
        ):
            held = held[0], span[1]
        else:
            yield held
            held = span
    if held is not None:
        yield held


def _begun(text: str, spans: Iterable[Span], least_letters: int, most: int) -> Iterator[Span]:
    """Pieces; a scrap that a line begins with (a bullet, a number), or that is a rule, is the next one's beginning."""
    held: Span | None = None
    starts_line = True
    for start, end in spans:
        if held is not None and end - held[0] <= most:
            start = held[0]
        elif held is not None:
            yield held
        ends_line = _ends_line(text, start, end)
        is_beginning = starts_line and not (ends_line and any(map(str.isalnum, text[start:end])))
        held = (start, end) if is_beginning and _is_scrap(text, (start, end), least_letters) else None
        if held is None:
            yield start, end
        starts_line = (starts_line and held is not None) or ends_line
    if held is not None:
        yield held


def _is_scrap(text: str, span: Span, least_letters: int) -> bool:
    return _letters(text[slice(*span)], least_letters) < least_letters


def _ends_line(text: str, start: int, end: int) -> bool:
    """Whether nothing else stands in a piece's last line."""
    return _LINE_ENDS.match(text, start + len(text[start:end].rstrip())) is not None


def _letters(piece: str, enough: int) -> int:
    """How many letters there are, counted up to about so many; one of East Asia counts as two."""
    found = 0
    for character in piece:
        if character.isalpha():
            found += 2 if character >= _FIRST_EAST_ASIAN else 1
            if found >= enough:
                break
    return found

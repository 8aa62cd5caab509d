"""Texts, and texts with their chunks marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from junco.pages.style import lines
from junco.wording import printable

MOST_LETTERS = 1_500
MOST_SOURCE_LETTERS = 6_000
AROUND = 300
"""Letters that are shown before and after a chunk."""


def text(value: str, place: str = "") -> str:
    """The beginning of a text, and where it is."""
    rest = f'<span class="faint">… ({len(value):,} letters)</span>' if len(value) > MOST_LETTERS else ""
    return f'<p class="text">{lines(value[:MOST_LETTERS])}{rest}{place}</p>'


def marked(text: str, chunks: Sequence[Any]) -> str:
    """A text with its chunks highlighted in turns of two colours; a third where they overlap.

    A long one is cut to what is in chunks and near them.
    """
    spans = [(max(0, chunk.start), min(len(text), chunk.end), index) for index, chunk in enumerate(chunks)]
    spans = [span for span in spans if span[0] < span[1]]
    parts, left, last = [], MOST_SOURCE_LETTERS, 0
    for start, end in _windows(len(text), spans):
        if left <= 0:
            break
        end = min(end, start + left)
        left -= end - start
        parts += [_gap(start - last), *_marked(text, start, end, spans)]
        last = end
    return f'<p class="text">{"".join([*parts, _gap(len(text) - last)])}</p>'


def _windows(length: int, spans: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """The parts of a text to show: all of a short one, else chunks with what is around them."""
    if length <= MOST_SOURCE_LETTERS or not spans:
        return [(0, length)]
    found: list[tuple[int, int]] = []
    for start, end, _ in sorted(spans):
        first, last = max(0, start - AROUND), min(length, end + AROUND)
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _gap(num_letters: int) -> str:
    return f' <span class="faint">… {num_letters:,} letters …</span> ' if num_letters else ""


def _marked(text: str, first: int, last: int, spans: Sequence[tuple[int, int, int]]) -> Iterator[str]:
    near = [(max(first, start), min(last, end), index) for start, end, index in spans if start < last and first < end]
    places = sorted({first, last, *(place for start, end, _ in near for place in (start, end))})
    for start, end in pairwise(places):
        inside = [index for begin, stop, index in near if begin <= start and end <= stop]
        piece = lines(text[start:end])
        if inside:
            look = "both" if len(inside) > 1 else ("odd" if inside[0] % 2 else "even")
            piece = f'<mark class="{look}" title="chunk {printable(", ".join(map(str, inside)))}">{piece}</mark>'
        yield piece

"""What a card shows of a row: a small picture, or the beginning of a sound, each at an address of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from junco.answers.brought import Brought, brought, kind_of, names_a_file, why_not
from junco.answers.cards import See, Seen, about, in_words, short_name
from junco.answers.hits import Hit
from junco.pages.media import SMALL_SIDE, File, Unshown, chart, wav
from junco.pages.pictures import drawn
from junco.pages.spectrogram import palette, spectrogram
from junco.pages.style import words
from junco.pages.values import box_of, is_sound, pixels

_SEEN = ("picture", "video", "sound")
_LINE_LETTERS, _MOST_LINES = 24, 5


def seen_at(address: Callable[[str], str], *, sources: bool) -> See:
    """Cards whose pictures and sounds are fetched when they come into view.

    Args:
        address: of a place on the server.
        sources: also of what lies neither beneath the working folder nor beneath the set's.
    """

    def see(hit: Hit) -> Seen:
        kind = kind_of(hit.key) if names_a_file(hit) else ""
        if kind not in _SEEN:
            return in_words(hit)
        line = about(hit)
        below = f'<p class="about" dir="auto">{words(line)}</p>' if line else ""
        if why_not(hit, sources=sources):  # which the page says once
            return Seen(short_name(hit.key), below)
        alt = words(f"{short_name(hit.key)} {line}".strip())
        look = "heard" if kind == "sound" else "thumb"
        shown = f'<img class="{look}" loading="lazy" decoding="async" src="{address(f"thumb/{hit.row}")}" alt="{alt}">'
        if kind == "sound":
            shown += f'<audio controls preload="none" src="{address(f"sound/{hit.row}")}"></audio>'
        return Seen(short_name(hit.key), shown + below)

    return see


def is_pictured(hit: Hit, *, sources: bool) -> bool:
    """Whether there is a small picture of a row, without making it."""
    is_one = names_a_file(hit) and kind_of(hit.key) in ("picture", "video")
    return is_one and not why_not(hit, sources=sources)


def thumbnail(hit: Hit, *, sources: bool) -> File:
    """A small picture of a row, or one that says why there is none."""
    found = brought(hit, sources=sources)
    try:
        if is_sound(found.whole):
            samples = np.atleast_2d(found.whole.samples)[0]
            return chart(spectrogram(samples, found.whole.sample_rate_hz), palette())
        array = pixels(found.whole)
        if array is not None:
            return drawn(array, [part for part in found.parts if box_of(part) is not None], SMALL_SIDE)
    except Unshown as why:
        found = Brought(None, (), str(why))
    return _in_letters(found.why or "there is no picture of it")


def sound(hit: Hit, *, sources: bool) -> File | None:
    """The sound of a row; ``None`` where there is none."""
    found = brought(hit, sources=sources)
    try:
        return wav(found.whole)[0] if is_sound(found.whole) else None
    except Unshown:
        return None


def _in_letters(text: str) -> File:
    """A picture of a sentence."""
    import textwrap

    lines = textwrap.wrap(text, _LINE_LETTERS, max_lines=_MOST_LINES, placeholder=" …")
    at = [f'<text x="8" y="{24 + 16 * number}">{words(line)}</text>' for number, line in enumerate(lines)]
    view = f'xmlns="http://www.w3.org/2000/svg" width="{SMALL_SIDE}" height="{SMALL_SIDE * 2 // 3}"'
    return File(
        "image/svg+xml", f'<svg {view} font-family="sans-serif" font-size="12" fill="#888">{"".join(at)}</svg>'.encode()
    )

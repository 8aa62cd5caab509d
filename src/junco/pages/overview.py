"""What rows show together: a sheet of pictures with their boxes, sounds with their segments, pages with their chunks,
and a timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.pages.colours import ON_PAGES, OVER_PICTURES, Colours
from junco.pages.letters import amount
from junco.pages.media import SIDE, SMALL_SIDE, Media
from junco.pages.spans import Span, spans_of_row
from junco.pages.timeline import timeline
from junco.pages.values import is_picture, is_sound
from junco.pages.wholes import MOST_LOOKED_AT, Whole, seen_whole, wholes_of
from junco.wording import NOT_OURS

MOST_PICTURES, MOST_OTHERS = 24, 8


def overview(names: Sequence[str], rows: Sequence[Sequence[Any]], media: Media) -> tuple[str, set[int]]:
    """What rows show together, and the columns that need not be seen again in each of them; never raises.

    Args:
        names: of the columns.
        rows: a value for each column.
        media: room for pictures and sounds.
    """
    try:
        wholes, columns = wholes_of(rows)
        # rows share their frame: what is there in one of its moments is there once
        spans = list(dict.fromkeys(span for row in rows[:MOST_LOOKED_AT] for span in spans_of_row(names, row)))
    except NOT_OURS:  # somebody else's class that cannot be looked at has a line at least
        return "", set()
    colours = Colours(OVER_PICTURES), Colours(ON_PAGES)
    for span in spans:  # the same hue for a label over pictures and beneath them
        colours[0](span.lane), colours[1](span.lane)
    return sheet(wholes, media, colours) + timeline_of(spans, colours[1]), columns


def timeline_of(spans: Sequence[Span], colours: Colours | None = None) -> str:
    """A timeline where there is more than one thing on it."""
    return timeline(spans, colours) if len(spans) > 1 else ""


def sheet(wholes: Sequence[Whole], media: Media, colours: tuple[Colours, Colours]) -> str:
    """Some of the wholes, evenly spaced where there are too many; nothing where there are none."""
    if not wholes:
        return ""
    are_pictures = all(is_picture(whole.value) for whole in wholes)
    most = MOST_PICTURES if are_pictures else MOST_OTHERS
    places = np.unique(np.linspace(0, len(wholes) - 1, most).round().astype(int)) if len(wholes) > most else None
    shown = list(wholes) if places is None else [wholes[place] for place in places]
    side = SIDE if len(shown) == 1 else SMALL_SIDE
    tiles = [f'<div class="row">{seen_whole(one, media, colours, side)}</div>' for one in shown]
    look = "" if len(shown) == 1 else _look(wholes, are_pictures)
    left = len(wholes) - len(shown)
    what = "picture" if are_pictures else "whole"
    more = f'<p class="faint">{len(shown)} of {amount(len(wholes), what)}, evenly spaced</p>' if left else ""
    return f'<div class="rows{look} sheet">{"".join(tiles)}</div>{more}'


def _look(wholes: Sequence[Whole], are_pictures: bool) -> str:
    """How several are laid out: side by side, wider for players; texts beneath each other."""
    if are_pictures:
        return " tiles"
    return " tiles wide" if all(is_sound(whole.value) for whole in wholes) else ""

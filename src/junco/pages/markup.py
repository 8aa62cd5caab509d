"""Values as pieces of a page: pictures with boxes, sounds, texts with chunks, vectors as strips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.pages.media import SIDE, SMALL_SIDE, Media
from junco.pages.pictures import picture
from junco.pages.sounds import sound
from junco.pages.style import words
from junco.pages.texts import text
from junco.pages.values import is_chunk, is_page, is_picture, is_sound, is_vector, length_of, line
from junco.wording import NOT_OURS

LONG = 60
"""Letters of a text that no longer stands in a line."""
STRIP_CELLS = 128
SHADES = 4


def markup(value: Any, said: str, media: Media, *, is_small: bool = False) -> str:
    """A value as markup; never raises.

    Args:
        value: what it is; ``None`` where it was not kept.
        said: its line, which stands alone where there is nothing to see.
        media: room for pictures and sounds.
        is_small: whether many stand side by side.
    """
    try:
        return _seen(value, said, media, is_small)
    except NOT_OURS:  # a value of somebody else's class must not hide the others
        return _line(said)


def is_tile(value: Any) -> bool:
    """Whether a value is seen best side by side with others."""
    return is_sound(value) or is_picture(value)


def _seen(value: Any, said: str, media: Media, is_small: bool) -> str:
    if is_chunk(value) or is_page(value) or (isinstance(value, str) and len(value) > LONG):
        return _text(value)
    if is_vector(value):
        return _vector(value, said)
    if is_sound(value):
        return sound(value, said, media)
    if is_picture(value):
        return picture(value, said, media, side=SMALL_SIDE if is_small else SIDE)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields") and value and _is_seen(value[0]):
        return _several(value, said, media)
    return _line(said)


def _text(value: Any) -> str:
    """A text, a page with its number, or a chunk with its place."""
    if isinstance(value, str):
        return text(value)
    if is_page(value):
        return f'<p class="place">page {value.number}</p>{text(value.text)}'
    return text(value.text.strip(), f' <span class="faint">{value.start:,}–{value.end:,}</span>')


def _is_seen(value: Any) -> bool:
    return is_vector(value) or is_tile(value)


def _line(said: str) -> str:
    return f'<code class="wrapped">{words(said)}</code>'


def _several(values: Sequence[Any], said: str, media: Media, most: int = 6) -> str:
    """The first values of a list."""
    inner = [f'<div class="row">{markup(value, line(value), media, is_small=True)}</div>' for value in values[:most]]
    kind = "rows tiles" if is_tile(values[0]) else "rows"
    return f'{_line(said)}<div class="{kind}">{"".join(inner)}</div>'


def _vector(vector: npt.NDArray[Any], said: str) -> str:
    numbers = vector.astype(np.float64)
    num_odd = int((~np.isfinite(numbers)).sum())
    about = f"{vector.dtype} · {vector.size:,} numbers · length {length_of(vector):.3g}"
    odd = f' · <span class="bad">{num_odd:,} not finite</span>' if num_odd else ""
    return f'<div class="vector">{strip(numbers)}<span class="about" title="{words(said)}">{about}{odd}</span></div>'


def strip(numbers: npt.NDArray[np.float64]) -> str:
    """A vector as a strip of shades: teal above zero, orange beneath; a cell is the mean of its numbers."""
    parts = np.array_split(np.nan_to_num(numbers, posinf=0, neginf=0), min(STRIP_CELLS, numbers.size))
    cells = np.array([part.mean() for part in parts])
    most = float(np.abs(cells).max()) or 1.0
    shades = np.rint(cells / most * SHADES).astype(int)
    paths = []
    for shade in sorted(set(shades.tolist()) - {0}):
        d = "".join(f"M{i} 0h1v1h-1z" for i in np.flatnonzero(shades == shade))
        colour = "var(--up)" if shade > 0 else "var(--down)"
        paths.append(f'<path d="{d}" fill="{colour}" fill-opacity="{abs(shade) / SHADES:g}"/>')
    view = f'viewBox="0 0 {len(cells)} 1" preserveAspectRatio="none"'
    return f'<svg class="strip" {view} shape-rendering="crispEdges" aria-hidden="true">{"".join(paths)}</svg>'

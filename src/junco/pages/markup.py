"""Values as pieces of a page: pictures with boxes, sounds, texts with chunks, vectors as strips."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.pages.media import SIDE, SMALL_SIDE, TINY_SIDE, Media, Unshown
from junco.pages.style import lines, words
from junco.pages.values import box_of, is_chunk, is_sound, is_vector, label_of, length_of, line, pixels
from junco.wording import NOT_OURS, printable

MOST_LETTERS = 1_500
LONG = 60
"""Letters of a text that no longer stands in a line."""
MOST_SOURCE_LETTERS = 6_000
STRIP_CELLS = 128
SHADES = 4
WAVE_CELLS = 180
BOX_COLOURS = ("#22d3ee", "#facc15", "#f472b6", "#a3e635", "#fb923c", "#c4b5fd")


def markup(value: Any, text: str, media: Media, *, is_small: bool = False) -> str:
    """A value as markup; never raises.

    Args:
        value: what it is; ``None`` where it was not kept.
        text: its line, which stands alone where there is nothing to see.
        media: room for pictures and sounds.
        is_small: whether many stand side by side.
    """
    try:
        return _seen(value, text, media, is_small)
    except NOT_OURS:  # a value of somebody else's class must not hide the others
        return _line(text)


def is_tile(value: Any) -> bool:
    """Whether a value is seen best side by side with others."""
    return is_sound(value) or pixels(value) is not None


def _seen(value: Any, text: str, media: Media, is_small: bool) -> str:
    if is_chunk(value) or (isinstance(value, str) and len(value) > LONG):
        return _text(value)
    if is_vector(value):
        return _vector(value, text)
    if is_sound(value):
        return _sound(value, text, media)
    if pixels(value) is not None:
        return picture(value, text, media, side=SMALL_SIDE if is_small else SIDE)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields") and value and _is_seen(value[0]):
        return _several(value, text, media)
    return _line(text)


def _text(value: Any) -> str:
    """A text, or a chunk with its place."""
    text = value if isinstance(value, str) else value.text.strip()
    place = "" if value is text else f' <span class="faint">{value.start:,}–{value.end:,}</span>'
    return f'<p class="text">{lines(text[:MOST_LETTERS])}{_rest(text, MOST_LETTERS)}{place}</p>'


def _is_seen(value: Any) -> bool:
    return is_vector(value) or is_tile(value)


def _line(text: str) -> str:
    return f'<code class="wrapped">{words(text)}</code>'


def _rest(text: str, most: int) -> str:
    return f'<span class="faint">… ({len(text):,} letters)</span>' if len(text) > most else ""


def _several(values: Sequence[Any], text: str, media: Media, most: int = 6) -> str:
    """The first values of a list."""
    inner = [f'<div class="row">{markup(value, line(value), media, is_small=True)}</div>' for value in values[:most]]
    kind = "rows tiles" if is_tile(values[0]) else "rows"
    return f'{_line(text)}<div class="{kind}">{"".join(inner)}</div>'


def picture(
    value: Any, text: str, media: Media, *, side: int, boxes: Sequence[Any] = (), shape: tuple[int, ...] | None = None
) -> str:
    """A picture, with boxes over it, and its line beneath.

    Args:
        value: what has pixels.
        text: its line.
        media: room for it.
        side: the longest side in pixels of the page.
        boxes: what has corners, in pixels of the picture.
        shape: the picture's own, where only some of its pixels were kept.
    """
    array = pixels(value)
    about = f'<figcaption class="about">{words(text)}</figcaption>'
    if array is None:
        return f"<figure>{about}</figure>"
    try:
        uri, width, height = media.picture(array, side)
    except Unshown as why:
        return f'<figure><span class="faint">[{words(str(why))}]</span>{about}</figure>'
    is_tiny = max(width, height) < TINY_SIDE
    scale = max(1, min(6, TINY_SIDE // max(width, height))) if is_tiny else 1
    size = f'width="{width * scale}" height="{height * scale}"'
    image = f'<img src="{uri}" {size} alt=""{" class=" + chr(34) + "tiny" + chr(34) if is_tiny else ""}>'
    return f'<figure><span class="shot">{image}{_boxes(boxes, shape or array.shape)}</span>{about}</figure>'


def _boxes(boxes: Sequence[Any], shape: tuple[int, ...]) -> str:
    """Rectangles in the coordinates of the picture, each with what it holds."""
    height, width = shape[:2]
    unit = max(width, height) / SIDE
    shapes = []
    for index, box in enumerate(boxes):
        corners = box_of(box)
        if corners is None:
            continue
        x0, y0, x1, y1 = corners
        colour = BOX_COLOURS[index % len(BOX_COLOURS)]
        name = words(label_of(box) or str(index))
        shapes.append(
            f'<rect x="{x0:g}" y="{y0:g}" width="{max(0, x1 - x0):g}" height="{max(0, y1 - y0):g}" fill="none" '
            f'stroke="{colour}" stroke-width="{2 * unit:g}"/>'
            f'<text x="{x0 + 3 * unit:g}" y="{y0 + 12 * unit:g}" font-size="{11 * unit:g}" fill="{colour}" '
            f'stroke="#000" stroke-width="{2.5 * unit:g}" paint-order="stroke" font-weight="600">{name}</text>'
        )
    view = f'viewBox="0 0 {width} {height}" preserveAspectRatio="none"'
    return f"<svg {view}>{''.join(shapes)}</svg>" if shapes else ""


def _sound(clip: Any, text: str, media: Media) -> str:
    about = f'<span class="about">{words(text)}</span>'
    try:
        uri, seconds = media.sound(clip)
    except Unshown as why:
        return f'<div class="sound"><span class="faint">[{words(str(why))}]</span>{about}</div>'
    total = clip.samples.shape[-1] / clip.sample_rate_hz
    part = f' <span class="about">the first {seconds:g} s can be heard</span>' if seconds < total else ""
    player = f'<audio controls preload="none" src="{uri}"></audio>'
    return f'<div class="sound">{_wave(np.atleast_2d(clip.samples)[0])}{player}{about}{part}</div>'


def _wave(samples: npt.NDArray[Any]) -> str:
    """The loudness of a sound over its length."""
    peaks = [float(np.abs(np.nan_to_num(part)).max()) for part in np.array_split(samples, WAVE_CELLS) if part.size]
    most = max(max(peaks, default=0.0), 1e-9)
    line = "".join(f"M{i} {20 - 19 * peak / most:.1f}V{20 + 19 * peak / most:.1f}" for i, peak in enumerate(peaks))
    return (
        f'<svg viewBox="-1 0 {len(peaks) + 1} 40" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{line}" stroke="var(--accent)" stroke-width=".8" fill="none"/></svg>'
    )


def _vector(vector: npt.NDArray[Any], text: str) -> str:
    numbers = vector.astype(np.float64)
    num_odd = int((~np.isfinite(numbers)).sum())
    about = f"{vector.dtype} · {vector.size:,} numbers · length {length_of(vector):.3g}"
    odd = f' · <span class="bad">{num_odd:,} not finite</span>' if num_odd else ""
    return f'<div class="vector">{strip(numbers)}<span class="about" title="{words(text)}">{about}{odd}</span></div>'


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


def marked(text: str, chunks: Sequence[Any]) -> str:
    """A text with its chunks highlighted in turns of two colours; a third where they overlap."""
    shown = text[:MOST_SOURCE_LETTERS]
    spans = [(max(0, chunk.start), min(len(shown), chunk.end), index) for index, chunk in enumerate(chunks)]
    places = sorted({0, len(shown), *(place for start, end, _ in spans if start < end for place in (start, end))})
    parts = []
    for start, end in pairwise(places):
        inside = [index for first, last, index in spans if first <= start and end <= last]
        piece = lines(shown[start:end])
        if inside:
            look = "both" if len(inside) > 1 else ("odd" if inside[0] % 2 else "even")
            piece = f'<mark class="{look}" title="chunk {printable(", ".join(map(str, inside)))}">{piece}</mark>'
        parts.append(piece)
    return f'<p class="text">{"".join(parts)}{_rest(text, MOST_SOURCE_LETTERS)}</p>'

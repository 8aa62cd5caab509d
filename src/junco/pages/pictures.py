"""Pictures, with the boxes and points that were found in them drawn over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.pages.colours import OVER_PICTURES, Colours
from junco.pages.letters import cut, num_places
from junco.pages.media import SIDE, TINY_SIDE, File, Media, Unshown, small_picture
from junco.pages.style import words
from junco.pages.values import box_of, label_of, pixels
from junco.wording import NOT_OURS

MOST_BOXES = 200
_LETTER = 6.6  # places of a name in letters of 11 px, which a picture has to hold
_MOST_POINTS = 100
_MOST_NAMES_MOVED = 8


def picture(
    value: Any,
    text: str,
    media: Media,
    *,
    side: int,
    boxes: Sequence[Any] = (),
    shape: tuple[int, ...] | None = None,
    colours: Colours | None = None,
) -> str:
    """A picture, with boxes over it, and its line beneath.

    Args:
        value: what has pixels.
        text: its line.
        media: room for it.
        side: the longest side in pixels of the page.
        boxes: what has corners, in pixels of the picture.
        shape: the picture's own, where only some of its pixels were kept.
        colours: of what boxes hold.
    """
    array = pixels(value)
    about = f'<figcaption class="about">{words(text)}{_more(boxes)}</figcaption>'
    if array is None:
        return f"<figure>{about}</figure>"
    try:
        uri, width, height = media.picture(array, side)
    except Unshown as why:
        return f'<figure><span class="faint">[{words(str(why))}]</span>{about}</figure>'
    is_tiny = max(width, height) < TINY_SIDE
    scale = max(1, min(6, TINY_SIDE // max(width, height))) if is_tiny else 1
    size = f'width="{width * scale}" height="{height * scale}"'
    alt = words("; ".join([text, *filter(None, map(label_of, boxes[:20]))]))
    image = f'<img src="{uri}" {size} alt="{alt}"{" class=" + chr(34) + "tiny" + chr(34) if is_tiny else ""}>'
    over = _boxes(boxes[:MOST_BOXES], shape or array.shape, side, colours or Colours(OVER_PICTURES))
    return f'<figure><span class="shot">{image}{over}</span>{about}</figure>'


def drawn(pixels: npt.NDArray[np.uint8], boxes: Sequence[Any], side: int) -> File:
    """A picture as a file: with boxes over it an SVG that holds the picture.

    Raises:
        Unshown: Pillow is not there.
    """
    if not boxes:
        return small_picture(pixels, side)[0]
    uri, width, height = Media().picture(pixels, side)
    over = _boxes(boxes[:MOST_BOXES], pixels.shape, side, Colours(OVER_PICTURES))
    image = f'<image href="{uri}" width="{width}" height="{height}"/>'
    view = f'xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"'
    return File("image/svg+xml", f"<svg {view}>{image}{over}</svg>".encode())


def _more(boxes: Sequence[Any]) -> str:
    return f" · {len(boxes) - MOST_BOXES:,} more boxes are not drawn" if len(boxes) > MOST_BOXES else ""


def _boxes(boxes: Sequence[Any], shape: tuple[int, ...], side: int, colours: Colours) -> str:
    """Rectangles in the coordinates of the picture, each with what it holds, and the points of a face."""
    height, width = shape[:2]
    unit = max(width, height) / min(SIDE, side)
    shapes: list[str] = []
    places: list[tuple[float, float]] = []
    for index, box in enumerate(boxes):
        corners = box_of(box)
        if corners is None:
            continue
        label = str(getattr(getattr(box, "box", box), "label", "") or "")
        colour = colours(label or f"\0{index}")  # without labels each box has its own
        within = _within(corners, width, height)
        name = cut(label_of(box) or str(index), max(3, int((width - 6 * unit) / (_LETTER * unit))))
        left = min(max(0.0, within[0]) + 3 * unit, width - (num_places(name) * _LETTER + 3) * unit)
        top = min(max(0.0, within[1]) + 12 * unit, height - 3 * unit)
        places.append(_free((max(0.0, left), top), places, unit))
        shapes += _box(within, places[-1], words(name), colour, unit)
        shapes += _points(box, colour, unit)
    view = f'viewBox="0 0 {width} {height}" preserveAspectRatio="none"'
    return f'<svg {view} aria-hidden="true">{"".join(shapes)}</svg>' if shapes else ""


def _within(corners: tuple[float, float, float, float], width: int, height: int) -> tuple[float, ...]:
    """Corners no further away than the picture is large, whatever a detector says."""
    sizes = (width, height, width, height)
    return tuple(min(2.0 * size, max(-1.0 * size, at)) for at, size in zip(corners, sizes, strict=True))


def _free(place: tuple[float, float], taken: Sequence[tuple[float, float]], unit: float) -> tuple[float, float]:
    """Where a name goes: within the picture, also where its box begins outside, and beneath names in its way."""
    x, y = place
    for _ in range(_MOST_NAMES_MOVED):
        if all(abs(x - other[0]) > 60 * unit or abs(y - other[1]) >= 11 * unit for other in taken):
            break
        y += 11 * unit
    return x, y


def _box(corners: tuple[float, ...], place: tuple[float, float], name: str, colour: str, unit: float) -> Iterator[str]:
    x0, y0, x1, y1 = corners
    yield (
        f'<rect x="{x0:g}" y="{y0:g}" width="{max(0, x1 - x0):g}" height="{max(0, y1 - y0):g}" fill="none" '
        f'stroke="{colour}" stroke-width="{2 * unit:g}"><title>{name}</title></rect>'
    )
    yield (
        f'<text x="{place[0]:g}" y="{place[1]:g}" font-size="{11 * unit:g}" fill="{colour}" '
        f'stroke="#000" stroke-width="{2.5 * unit:g}" paint-order="stroke" font-weight="600">{name}</text>'
    )


def _points(value: Any, colour: str, unit: float) -> Iterator[str]:
    for x, y in points_of(value):
        yield (
            f'<circle cx="{x:g}" cy="{y:g}" r="{2.4 * unit:g}" fill="{colour}" stroke="#000" '
            f'stroke-width="{0.8 * unit:g}"/>'
        )


def points_of(value: Any) -> list[tuple[float, float]]:
    """The points (x, y) of a face; those that are no numbers are left out."""
    try:
        points = [(float(x), float(y)) for x, y in tuple(getattr(value, "points", ()))[:_MOST_POINTS]]
    except NOT_OURS:  # what is called points need not be pairs
        return []
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y) and max(abs(x), abs(y)) < 1e6]

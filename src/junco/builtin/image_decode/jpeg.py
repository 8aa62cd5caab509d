"""JPEGs straight into an array, by libjpeg-turbo through simplejpeg: the pixels that Pillow gives, in half the time.

Pillow reads the header and decides what is a picture at all; whatever is not an ordinary JPEG stays with Pillow, which
also finds the words for what is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from junco.types import Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SCALES = (8, 4, 2)
"""By how much a JPEG can be made smaller while it is decoded, and all scales are exact in Pillow too."""
_MODES = ("L", "RGB")
_TURNS: dict[int, Callable[[Image], Image]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, 3),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def decoded(data: bytes, picture: Picture, orientation: int, least_side: int | None) -> Image | None:
    """Pixels of a JPEG whose header is ``picture``; ``None`` where Pillow has to look at it.

    Args:
        data: the whole file.
        picture: what Pillow has read of it.
        orientation: as EXIF counts them: 1 is upright.
        least_side: pixels that the shorter side keeps at least; ``None`` keeps all.
    """
    try:
        import simplejpeg
    except ModuleNotFoundError:
        return None
    if picture.format != "JPEG" or picture.mode not in _MODES:
        return None
    width, height = picture.size
    scale = scale_for(picture.size, least_side)
    try:
        pixels: Image = simplejpeg.decode_jpeg(
            data, "RGB", min_height=-(-height // scale), min_width=-(-width // scale), min_factor=scale
        )
    except ValueError:  # strict: also what the library would only warn of
        return None
    return np.ascontiguousarray(_TURNS[orientation](pixels)) if orientation in _TURNS else pixels


def scale_for(size: tuple[int, int], least_side: int | None) -> int:
    """By how much a picture of that size may be made smaller: 8, 4, 2 or 1."""
    if least_side is None:
        return 1
    return next((scale for scale in SCALES if min(size) >= least_side * scale), 1)

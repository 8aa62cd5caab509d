"""EXIF orientation: which way up a picture was taken, and its pixels turned so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from junco.types import Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_TAG = 0x0112
_TURNS: dict[int, Callable[[Image], Image]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, 3),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def upright(pixels: Image, picture: Picture) -> Image:
    """The pixels of a picture turned as its EXIF orientation asks; a broken EXIF block asks for nothing."""
    try:
        turn = _TURNS.get(picture.getexif().get(_TAG, 1))
    except Exception:
        turn = None
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))

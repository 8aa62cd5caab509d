"""Pixels at an operator's door: uint8 RGB arrays of shape (height, width, 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError, ParameterError
from junco.types import Image
from junco.wording import picture

LEVELS = 256
"""Of a channel of a pixel, from 0 on."""
MOST_PIXELS = 64_000_000
"""Of a picture that is made larger than the one given: a long strip whose shorter side is enlarged fits no memory."""


def as_array(value: Any) -> npt.NDArray[Any]:
    """What has ``__array__`` as an array, without a copy where it can be.

    Raises:
        InputError: it refuses, as a tensor on another device does.
    """
    try:
        return np.asarray(value)
    except Exception as error:
        raise InputError(f"{picture(value)} does not convert to an array: {error}") from error


def checked_pixels(value: Any, owner: str) -> Image:
    """The value as a C-contiguous uint8 array (height, width, 3); no copy where it is one already.

    A `VideoFrame` or a picture of Pillow's in RGB is taken by its pixels.

    Raises:
        InputError: it is something else, or has no pixels.
    """
    is_array = hasattr(value, "__array__") or hasattr(value, "__array_interface__")
    array = as_array(value) if is_array else None
    if array is None or array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise InputError(
            f"{owner!r} takes pixels, uint8 RGB of shape (height, width, 3), not {picture(value)}; "
            "'image-decode.pil' makes pixels of files, bytes and pictures"
        )
    if array.size == 0:
        raise InputError(f"{owner!r}: the image {picture(value)} has no pixels")
    return np.ascontiguousarray(array)


def check_color(color: tuple[int, int, int], option: str, owner: str) -> None:
    """Refuse a value of an option that is no colour.

    Raises:
        ParameterError: a level is below 0 or above 255.
    """
    if not all(0 <= level < LEVELS for level in color):
        raise ParameterError(f"{owner!r}: {option}={color!r} must be three levels from 0 to {LEVELS - 1}")

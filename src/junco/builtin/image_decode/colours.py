"""Any picture's colours → uint8 RGB: grey, palette, CMYK, alpha over white, 16 bits, floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.types import Image
from junco.wording import picture

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_CHANNELS = (1, 3, 4)
_DEEP_MODES = ("I", "F")  # Pillow's grey modes of more than 8 bits: I, I;16, I;16B …, F
_ROUNDING_SLACK = 1e-4


def rgb_of_picture(loaded: Picture, name: str) -> Image:
    """Pixels of a loaded Pillow picture of any mode; transparency is laid over white.

    Raises:
        InputError: the mode has no agreed meaning in RGB.
    """
    from PIL import Image as PilImage

    if loaded.mode.startswith(_DEEP_MODES):
        return _three_channels(_eight_bits(_deep_grey(loaded, name), name))
    try:
        if loaded.has_transparency_data:
            rgba = loaded.convert("RGBA")
            white = PilImage.new("RGBA", rgba.size, (255, 255, 255, 255))
            loaded = PilImage.alpha_composite(white, rgba)
        rgb = loaded if loaded.mode == "RGB" else loaded.convert("RGB")
    except ValueError as error:
        raise InputError(f"{name}: pictures of mode {loaded.mode} have no conversion to RGB") from error
    return np.array(rgb)


def rgb_of_array(array: npt.NDArray[Any]) -> Image:
    """Pixels of an array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4: alpha, laid over white).

    uint8 is taken as it is, uint16 is scaled from 0..65535, bool and floats from 0..1. An array that is C-contiguous
    uint8 (h, w, 3) is returned itself.

    Raises:
        InputError: another shape or type, values out of range, or no pixels.
    """
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in _CHANNELS)
    if not is_image:
        raise InputError(
            f"an array of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4) is expected, not {picture(array)}"
        )
    if array.size == 0:
        raise InputError(f"the picture {picture(array)} has no pixels")
    levels = _eight_bits(array, picture(array))
    if levels.ndim == 3 and levels.shape[2] == 4:
        return _over_white(levels)
    return np.ascontiguousarray(_three_channels(levels))


def _deep_grey(loaded: Picture, name: str) -> npt.NDArray[Any]:
    """16-bit or float levels; 32-bit integers are taken as 16-bit ones if they fit."""
    array = np.asarray(loaded)
    if array.dtype.kind == "f" or array.dtype.itemsize == 2:
        return array
    if array.min() < 0 or array.max() > np.iinfo(np.uint16).max:
        raise InputError(f"{name}: 32-bit levels outside 0..65535 have no agreed scale; save it with 8 or 16 bits")
    return array.astype(np.uint16)


def _eight_bits(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8]:
    """Levels 0..255 by rounding, so that white stays white and black stays black."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if array.dtype.kind == "f":
        levels = array.astype(np.float32)
        # Written so that NaN, which compares false, is refused too.
        if not (levels.min() >= -_ROUNDING_SLACK and levels.max() <= 1 + _ROUNDING_SLACK):
            raise InputError(f"{name}: a picture of floats must lie in 0..1")
        rounded: npt.NDArray[np.uint8] = np.rint(levels.clip(0, 1) * 255).astype(np.uint8)
        return rounded
    raise InputError(f"{name}: pixels must be uint8, uint16, bool or floats in 0..1, not {array.dtype}")


def _three_channels(levels: npt.NDArray[np.uint8]) -> Image:
    if levels.ndim == 2:
        levels = levels[:, :, np.newaxis]
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels


def _over_white(rgba: npt.NDArray[np.uint8]) -> Image:
    alpha = rgba[:, :, 3:].astype(np.uint32)
    blended = rgba[:, :, :3] * alpha + 255 * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)

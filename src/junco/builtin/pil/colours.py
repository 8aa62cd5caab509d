"""Any picture's colours → uint8 RGB: grey, palette, CMYK, alpha over white, 16 bits, floats."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.builtin.pil.levels import Storage
from junco.errors import InputError
from junco.types import Image
from junco.wording import picture

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_CHANNELS = (1, 3, 4)
_DEEP_MODES = ("I", "F")  # Pillow's grey modes of more than 8 bits: I, I;16, I;16B …, F
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
_ROUNDING_SLACK = 1e-4
_PIXELS_AT_ONCE = 2**19


def rgb_of_picture(loaded: Picture, storage: Storage, name: str) -> Image:
    """Pixels of a loaded Pillow picture of any mode; transparency is laid over white.

    Large pictures are converted piece by piece, so that beside the picture and its pixels little has to be held.

    Raises:
        InputError: the mode has no agreed meaning in RGB.
    """
    width, height = loaded.size
    if storage.alpha == "if any" and loaded.mode == "RGBA" and loaded.getchannel("A").getextrema() == (0, 0):
        storage = replace(storage, alpha="none")
    num_rows = max(1, _PIXELS_AT_ONCE // width)
    if num_rows >= height:
        pixels = _rgb(loaded, storage, name)
    else:
        pixels = np.empty((height, width, 3), np.uint8)
        for top in range(0, height, num_rows):
            bottom = min(top + num_rows, height)
            pixels[top:bottom] = _rgb(loaded.crop((0, top, width, bottom)), storage, name)
    if storage.places is not None:
        pixels[storage.places] = 255
    return pixels if storage.frame is None else _framed(pixels, storage.frame, storage.background)


def _framed(pixels: Image, frame: tuple[int, int, int, int], background: tuple[int, int, int]) -> Image:
    left, top, right, bottom = frame
    framed: Image = np.full_like(pixels, np.array(background, np.uint8))
    framed[top:bottom, left:right] = pixels[top:bottom, left:right]
    return framed


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


def _rgb(piece: Picture, storage: Storage, name: str) -> Image:
    if piece.mode.startswith(_DEEP_MODES):
        return _three_channels(_of_deep_grey(np.asarray(piece), storage, name))
    try:
        if piece.mode in _PREMULTIPLIED:
            piece = piece.convert(_PREMULTIPLIED[piece.mode])
        if storage.alpha == "none" or not piece.has_transparency_data:
            rgb = np.array(piece if piece.mode == "RGB" else piece.convert("RGB"))
            return 255 - rgb if storage.white_is_zero else rgb
        if storage.key is not None:
            piece = piece.copy()
            piece.info["transparency"] = storage.key
        rgba = np.asarray(piece.convert("RGBA"))
    except ValueError as error:
        raise InputError(f"{name}: pictures of mode {piece.mode} have no conversion to RGB") from error
    return _over_white(rgba, premultiplied=storage.alpha == "premultiplied")


def _of_deep_grey(levels: npt.NDArray[Any], storage: Storage, name: str) -> npt.NDArray[np.uint8]:
    """16-bit, 32-bit or float levels (h, w) → 0..255."""
    if levels.dtype.kind == "f":
        grey = _eight_bits(levels, name)
    else:
        white = storage.white
        if white is None or levels.min() < 0 or levels.max() > white:
            beyond = "" if white is None else f" outside 0..{white}"
            raise InputError(
                f"{name}: levels of {8 * levels.itemsize} bits{beyond} have no agreed scale; save it with 8 bits, or "
                "as 16-bit grey whose white is 65535 (Pillow's mode I;16)"
            )
        grey = ((levels.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)
    if storage.white_is_zero:
        grey = 255 - grey
    if storage.key is not None:
        grey[levels == storage.key] = 255
    return grey


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


def _over_white(rgba: npt.NDArray[np.uint8], *, premultiplied: bool = False) -> Image:
    alpha = rgba[:, :, 3:].astype(np.uint16)  # 255 times 255 and a half fit in
    colours = rgba[:, :, :3]
    if premultiplied:
        summed: npt.NDArray[np.uint16] = np.minimum(colours + (255 - alpha), 255)
        return summed.astype(np.uint8)
    blended: npt.NDArray[np.uint16] = colours * alpha + 255 * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)

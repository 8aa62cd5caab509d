"""`dhash`: 64 bits that tell how a picture looks, by which copies of one crop are known."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from junco.types import Image

BITS = 64
_SIDE = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue (ITU-R BT.601)."""
_SAMPLES = 16
"""Pixels along each side of an area that are enough for its mean."""
_PLACES = 32
"""Along each side of the picture, where changes of a few places matter."""

Means = npt.NDArray[np.float32]


def dhash(image: Image) -> int:
    """64 bits, row by row: whether each of 8×9 areas, 9 to a row, is brighter than the one on its left."""
    some = _thinned(image, _SAMPLES * _SIDE, _SAMPLES * (_SIDE + 1))
    grey = _areas(_SIDE, some.shape[0]) @ (some @ _LUMA) @ _areas(_SIDE + 1, some.shape[1]).T
    bits = np.packbits(grey[:, 1:] > grey[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")


def means_of_places(image: Image) -> Means:
    """The mean colour of each of 32×32 equal areas: float32 (3, 32, 32), in levels of 0…255."""
    some = _thinned(image, 4 * _PLACES, 4 * _PLACES)
    channels = some.transpose(2, 0, 1).astype(np.float32)
    means = _areas(_PLACES, some.shape[0]) @ channels @ _areas(_PLACES, some.shape[1]).T
    return means.astype(np.float32, copy=False)


def _thinned(image: Image, height: int, width: int) -> Image:
    """About so many of the pixels, evenly spread: enough for means."""
    return image[:: max(1, image.shape[0] // height), :: max(1, image.shape[1] // width)]


@lru_cache(maxsize=64)
def _areas(count: int, side: int) -> npt.NDArray[np.float32]:
    """The share of each of ``side`` pixels in the mean of each of ``count`` equal areas: (count, side)."""
    edges, pixels = np.linspace(0, side, count + 1)[:, None], np.arange(side)
    overlaps = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (overlaps.clip(0) * (count / side)).astype(np.float32)

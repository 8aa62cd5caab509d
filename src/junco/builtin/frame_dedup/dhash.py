"""``frame-dedup.dhash``: frames that look like the last one that was kept, by a hash of 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
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


class Kept(TypedDict):
    """What is remembered of the last frame that was kept: its hash, and the means of its places if they matter."""

    hash: int | None
    places: Means | None


class DhashDedup(Operator, family="frame-dedup", name="dhash"):
    """Keeps the first of a run of frames that look alike: compares each with the last one that was kept.

    The difference hash (Krawetz, "Kind of like that", 2013) says of 8×8 places whether the picture, in grey, gets
    brighter from there to the right. It is made for copies of one crop: the frames of one video, or pictures. It does
    not see colours, nor what is small: somebody who walks into the picture of a fixed camera. ``local_change`` does.
    Each video begins anew; ``stats()`` and reports tell how many repeat others.

    Args:
        distance: a frame repeats the kept one where at most so many of the 64 bits differ.
        local_change: it does not where the mean colour of one of 32×32 places changed by more than so many of 255
            levels: 12 is above the noise of cameras and compression. ``None``: places do not matter.
    """

    distance: int = option(6, least=0, most=BITS)
    local_change: int | None = option(None, least=0, most=255)

    hints = Hints(stateful=True, max_batch=32, releases_gil=True, thread_safe=True)

    def state(self) -> Kept:
        return {"hash": None, "places": None}

    def batch(self, frames: Sequence[Image], *, state: Kept) -> list[bool]:
        are_new = [self._is_new(checked_pixels(frame, self.name), state) for frame in frames]
        self.note("repeated", [row for row, is_new in enumerate(are_new) if not is_new])
        return are_new

    def _is_new(self, image: Image, state: Kept) -> bool:
        found, kept = dhash(image), state["hash"]
        places = None if self.local_change is None else means_of_places(image)
        is_new = kept is None or (found ^ kept).bit_count() > self.distance or self._changed(places, state["places"])
        if is_new:
            state["hash"], state["places"] = found, places
        return is_new

    def _changed(self, places: Means | None, kept: Means | None) -> bool:
        """Whether one place is of another colour."""
        return places is not None and kept is not None and float(np.abs(places - kept).max()) > (self.local_change or 0)


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

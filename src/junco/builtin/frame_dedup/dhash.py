"""``frame-dedup.dhash``: frames that look like the last one that was kept, by a hash of 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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


class DhashDedup(Operator, family="frame-dedup", name="dhash"):
    """Keeps the first of a run of frames that look alike: compares each with the last one that was kept.

    The difference hash (Krawetz, "Kind of like that", 2013) says of 8×8 places whether the picture, in grey, gets
    brighter from there to the right. It is made for copies of one crop: the frames of one video, or pictures. It does
    not see colours, nor what is small. Each video begins anew; ``stats()`` and reports tell how many repeat others.

    Args:
        distance: a frame repeats the kept one where at most so many of the 64 bits differ.
    """

    distance: int = option(6, least=0, most=BITS)

    hints = Hints(stateful=True, max_batch=32, releases_gil=True, thread_safe=True)

    def state(self) -> dict[str, int | None]:
        return {"kept": None}

    def batch(self, frames: Sequence[Image], *, state: dict[str, int | None]) -> list[bool]:
        are_new = [self._is_new(checked_pixels(frame, self.name), state) for frame in frames]
        self.note("repeated", [row for row, is_new in enumerate(are_new) if not is_new])
        return are_new

    def _is_new(self, image: Image, state: dict[str, int | None]) -> bool:
        found, kept = dhash(image), state["kept"]
        is_new = kept is None or (found ^ kept).bit_count() > self.distance
        if is_new:
            state["kept"] = found
        return is_new


def dhash(image: Image) -> int:
    """64 bits, row by row: whether each of 8×9 areas, 9 to a row, is brighter than the one on its left."""
    height, width = image.shape[:2]
    some = image[:: max(1, height // (_SAMPLES * _SIDE)), :: max(1, width // (_SAMPLES * (_SIDE + 1)))]
    grey = _areas(_SIDE, some.shape[0]) @ (some @ _LUMA) @ _areas(_SIDE + 1, some.shape[1]).T
    bits = np.packbits(grey[:, 1:] > grey[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")


@lru_cache(maxsize=64)
def _areas(count: int, side: int) -> npt.NDArray[np.float32]:
    """The share of each of ``side`` pixels in the mean of each of ``count`` equal areas: (count, side)."""
    edges, pixels = np.linspace(0, side, count + 1)[:, None], np.arange(side)
    overlaps = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (overlaps.clip(0) * (count / side)).astype(np.float32)

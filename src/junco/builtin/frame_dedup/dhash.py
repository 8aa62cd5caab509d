"""``frame-dedup.dhash``: frames that look like the last one that was kept, by a hash of 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from junco.neural.dhash import BITS, Means, dhash, means_of_places
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image


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

"""`Cuts`: where a new shot begins, from small frames fed one by one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.types import Image

HEIGHT, WIDTH = 27, 48
"""Pixels of the frames that tell cuts."""
NEIGHBOURS = 2
"""Differences on each side with which an adaptive threshold compares."""

Hsv = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Hue, saturation and value of a frame's pixels, each (height, width) in 0..1."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The first frame of a new shot: its number from 0, its time, and how much it differs from the one before, 0..1."""

    index: int
    time_s: float
    score: float


@dataclass(frozen=True, slots=True)
class _Change:
    """A frame and its difference from the one before."""

    index: int
    time_s: float
    difference: float


class Cuts:
    """Finds cuts by content, as PySceneDetect's content and adaptive detectors do.

    Two frames differ by the mean, over all pixels, of the differences of hue, saturation and value (each in 0..1; hue
    on its circle, and weighted by the lesser saturation, since grey has none). A cut is a difference of at least
    ``threshold`` that is also ``ratio`` times the mean of its neighbours, two on each side: a fast pan has large
    neighbours, a cut has not. A frame is therefore judged when two more are known.

    Args:
        threshold: least difference at a cut, 0..1.
        ratio: least ratio to the mean difference of the neighbours; ``None``: a fixed threshold, judged at once.
        least_s: a cut that comes sooner after the start of its shot, in seconds, is none.
    """

    def __init__(self, threshold: float = 0.08, ratio: float | None = 3.0, least_s: float = 0.4) -> None:
        self.threshold = threshold
        self.ratio = ratio
        self.least_s = least_s
        self._num_frames = 0
        self._before: Hsv | None = None
        self._start_s = 0.0
        self._changes: deque[_Change] = deque(maxlen=2 * NEIGHBOURS + 1)
        self._num_judged = 0

    def add(self, frame: Image, time_s: float) -> Cut | None:
        """Take the next frame; the cut that it confirms, `NEIGHBOURS` frames back or at the frame itself.

        Args:
            frame: uint8 RGB, of any size that all frames share; `HEIGHT` × `WIDTH` pixels are enough.
            time_s: later than that of the frame before.

        Raises:
            InputError: the frame has another shape than the one before.
        """
        now, before = hsv(frame), self._before
        index, self._num_frames, self._before = self._num_frames, self._num_frames + 1, now
        if before is None:
            self._start_s = time_s
            return None
        self._changes.append(_Change(index, time_s, difference(before, now)))
        wanted = 0 if self.ratio is None else NEIGHBOURS
        return self._judged() if index - self._num_judged > wanted else None

    def end(self) -> list[Cut]:
        """The cuts among the last frames, which have fewer neighbours behind them."""
        last = self._num_frames - 1
        found = [self._judged() for _ in range(last - self._num_judged)]
        return [cut for cut in found if cut is not None]

    def _judged(self) -> Cut | None:
        """The next frame that was not judged, if a shot begins with it."""
        self._num_judged += 1
        first = self._changes[0].index
        change = self._changes[self._num_judged - first]
        if change.difference < self.threshold or change.time_s - self._start_s < self.least_s:
            return None
        if self.ratio is not None and change.difference < self.ratio * self._around(change):
            return None
        self._start_s = change.time_s
        return Cut(change.index, change.time_s, change.difference)

    def _around(self, change: _Change) -> float:
        """The mean difference of its neighbours."""
        differences = [each.difference for each in self._changes if 0 < abs(each.index - change.index) <= NEIGHBOURS]
        return float(np.mean(differences)) if differences else 0.0


def difference(one: Hsv, other: Hsv) -> float:
    """How much two frames differ, 0..1.

    Raises:
        InputError: they differ in shape.
    """
    if one[0].shape != other[0].shape:
        raise InputError(f"a frame of {_size(other)} pixels after one of {_size(one)}: all must have one size")
    hue = np.abs(one[0] - other[0])
    hue = np.minimum(hue, 1 - hue) * 2 * np.minimum(one[1], other[1])
    return float((hue.mean() + np.abs(one[1] - other[1]).mean() + np.abs(one[2] - other[2]).mean()) / 3)


def hsv(frame: Image) -> Hsv:
    """Hue, saturation and value of uint8 RGB pixels (height, width, 3)."""
    red, green, blue = np.asarray(frame).transpose(2, 0, 1).astype(np.float32, order="C") / np.float32(255)
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    per_chroma = 1 / np.where(chroma > 0, chroma, np.float32(1))
    sixths = np.where(value == green, (blue - red) * per_chroma + 2, (red - green) * per_chroma + 4)
    np.copyto(sixths, (green - blue) * per_chroma, where=value == red)
    hue = np.where(sixths < 0, sixths + 6, sixths) / 6
    return hue, chroma / np.where(value > 0, value, np.float32(1)), value


def _size(frame: Hsv) -> str:
    height, width = frame[0].shape
    return f"{width}×{height}"

"""``object-detection.contours``: boxes around whatever differs from the background, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from junco.errors import ParameterError
from junco.neural.pixels import LEVELS, check_color, checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Box, Image

Numbers = npt.NDArray[np.intp]


class Runs(NamedTuple):
    """Pixels of a mask that lie side by side in a row: the row, the first column, and the one after the last."""

    rows: Numbers
    starts: Numbers
    ends: Numbers


class Contours(Operator, family="object-detection", name="contours"):
    """Finds things on a plain background: drawings, scans, slides, screens.

    A pixel belongs to a thing if its colour differs from the background's; pixels that touch, by a corner too, are one
    thing. Boxes fit exactly, the largest first; ``score`` is the share of the box that the thing fills, and there is no
    label. A picture with more things than `max_boxes` counts as cut.

    Args:
        threshold: things that fill less of their box are left out.
        labels: none, for it knows none; another detector in its place may.
        background: its red, green and blue; none: the median of the pixels along the picture's border.
        contrast: the least difference from it, in any of the three colours.
        least_pixels: smaller things are left out, as specks.
        max_boxes: most boxes of a picture.
    """

    threshold: float = option(0.0, least=0, most=1)
    labels: tuple[str, ...] = ()
    background: tuple[int, int, int] | None = None
    contrast: int = option(32, least=1, most=255)
    least_pixels: int = option(16, least=1)
    max_boxes: int = option(1000, least=1)

    hints = Hints(max_batch=1, thread_safe=True, releases_gil=True)
    keeps_space = True

    def check_options(self) -> None:
        if self.background is not None:
            check_color(self.background, "background", self.name)
        if self.labels:
            raise ParameterError(f"{self.name!r}: labels={self.labels!r}, and it tells none of what it finds")

    def batch(self, images: Sequence[Image]) -> list[list[Box]]:
        found = [self._boxes(checked_pixels(image, self.name)) for image in images]
        self.note("cut", (at for at, boxes in enumerate(found) if len(boxes) > self.max_boxes))
        return [boxes[: self.max_boxes] for boxes in found]

    def _boxes(self, pixels: Image) -> list[Box]:
        runs = runs_of(self._differs(pixels))
        if not len(runs.rows):
            return []
        _, of = np.unique(things_of(runs, pixels.shape[1]), return_inverse=True)
        num = int(of.max()) + 1
        areas = np.bincount(of, runs.ends - runs.starts, num)
        left, top = _least(of, runs.starts, num), _least(of, runs.rows, num)
        right, bottom = -_least(of, -runs.ends, num), -_least(of, -runs.rows, num) + 1
        shares = areas / ((right - left) * (bottom - top))
        large = np.flatnonzero((areas >= self.least_pixels) & (shares >= self.threshold))
        by_area = sorted(large, key=lambda at: (-areas[at], top[at], left[at]))
        numbers = np.stack([left, top, right, bottom, shares], axis=1)[by_area].tolist()
        return [Box(x0, y0, x1, y1, score=score) for x0, y0, x1, y1, score in numbers]

    def _differs(self, pixels: Image) -> npt.NDArray[np.bool_]:
        """Which pixels (height, width) are no background."""
        if self.background is None:
            border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
            background = np.median(border, axis=0)
        else:
            background = np.array(self.background)
        # one colour after the other, by a table: no copy of the picture in a wider type
        tables = np.abs(np.arange(LEVELS) - background[:, None]) >= self.contrast
        differs: npt.NDArray[np.bool_] = tables[0][pixels[:, :, 0]]
        for channel in (1, 2):
            differs |= tables[channel][pixels[:, :, channel]]
        return differs


def runs_of(mask: npt.NDArray[np.bool_]) -> Runs:
    """The runs of a mask (height, width), by rows from the left."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return Runs(rows, starts, ends)


def things_of(runs: Runs, width: int) -> Numbers:
    """For each run the number of the first run of its thing: runs that touch are one thing."""
    upper, lower = _touching(runs, width)
    first = np.arange(len(runs.rows))
    while (first[upper] != first[lower]).any():
        least = np.minimum(first[upper], first[lower])
        for side in (upper, lower):  # what a thing's first run belongs to, all of it belongs to
            np.minimum.at(first, first[side], least)
        while (first[first] != first).any():
            first = first[first]
    return first


def _touching(runs: Runs, width: int) -> tuple[Numbers, Numbers]:
    """Pairs of runs in rows above each other that touch, by a corner too."""
    stride = width + 2  # so that no run reaches the next row's places
    above = (runs.rows - 1) * stride
    begin = np.searchsorted(runs.rows * stride + runs.ends, above + runs.starts, "left")
    end = np.searchsorted(runs.rows * stride + runs.starts, above + runs.ends, "right")
    counts = np.maximum(end - begin, 0)
    lower = np.repeat(np.arange(len(counts)), counts)
    upper = np.arange(len(lower)) - np.repeat(np.cumsum(counts) - counts, counts) + begin[lower]
    return upper, lower


def _least(of: npt.NDArray[Any], values: Numbers, num: int) -> Numbers:
    """The least value of each thing."""
    least = np.full(num, np.iinfo(np.intp).max)
    np.minimum.at(least, of, values)
    return least

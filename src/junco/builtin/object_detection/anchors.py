"""Anchors of SSD: the boxes that its numbers move and stretch; by Liu et al. (2016), as TensorFlow's API lays them."""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

_PLACES = (19, 10, 5, 3, 2, 1)
"""Of each map, how many there are in a row and in a column."""
_SCALES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
"""Of each map, and what would follow the last: side of a square anchor in shares of the picture's."""
_FIRST = ((0.1, 1.0), (_SCALES[0], 2.0), (_SCALES[0], 0.5))
_RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3)
_CENTRE_SCALE, _SIZE_SCALE = 10.0, 5.0


@functools.cache
def anchors() -> npt.NDArray[np.float32]:
    """Centre y, centre x, height and width of each, in shares of the picture: float32 (1917, 4)."""
    found = []
    for number, places in enumerate(_PLACES):
        shapes = np.array([(scale / math.sqrt(ratio), scale * math.sqrt(ratio)) for scale, ratio in _shapes(number)])
        centres = (np.arange(places) + 0.5) / places
        y, x = (axis[:, :, None, None] for axis in np.meshgrid(centres, centres, indexing="ij"))
        size = (places, places, len(shapes), 1)
        found.append(
            np.concatenate(
                [np.broadcast_to(y, size), np.broadcast_to(x, size), np.broadcast_to(shapes, (*size[:3], 2))], axis=3
            ).reshape(-1, 4)
        )
    return np.concatenate(found).astype(np.float32)


def decoded(encodings: npt.NDArray[np.float32], chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Boxes (n, 4) as x0, y0, x1, y1 in shares of the picture, of some anchors by their numbers.

    Args:
        encodings: of these anchors (n, 4): how far y and x of the centre move, how much height and width are stretched.
        chosen: the anchors' numbers (n,).
    """
    y, x, height, width = anchors()[chosen].T
    dy, dx, stretch_y, stretch_x = encodings.T
    y, x = y + dy / _CENTRE_SCALE * height, x + dx / _CENTRE_SCALE * width
    height, width = height * np.exp(stretch_y / _SIZE_SCALE), width * np.exp(stretch_x / _SIZE_SCALE)
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)


def _shapes(number: int) -> list[tuple[float, float]]:
    """The anchors at one place of a map: scale, and width ÷ height."""
    if number == 0:
        return list(_FIRST)
    between = math.sqrt(_SCALES[number] * _SCALES[number + 1])
    return [*((_SCALES[number], ratio) for ratio in _RATIOS), (between, 1.0)]

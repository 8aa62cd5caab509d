"""Faces upright and of one size, their eyes and mouth at fixed places: as models of faces take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.types import Face, Image
from junco.wording import picture

SIDE = 112
_LEAST_SPREAD = 1e-9
PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""Where the five points belong in a picture of 112×112 (Deng et al., "ArcFace", 2019)."""

Similarity = tuple[float, float, float, float]
"""A turn, scale and shift (a, b, x, y): a point (u, v) comes to (a·u − b·v + x, b·u + a·v + y)."""


def aligned(pixels: Image, face: Any, side: int, owner: str) -> Image:
    """The face upright: uint8 RGB (side, side, 3), bilinear.

    Raises:
        InputError: it is none, or its points do not say how it lies.
    """
    if not isinstance(face, Face):
        raise InputError(f"{owner!r} takes a junco.types.Face, not {picture(face)}")
    points = np.array(face.points, np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all():
        raise InputError(f"{owner!r}: {picture(face)} must have five points with x and y")
    return turned(pixels, _inverse(similarity(points, PLACES * (side / SIDE), owner)), side)


def turned(pixels: Image, turn: Similarity, side: int) -> Image:
    """The picture, uint8 RGB (side, side, 3), in which each place shows what ``turn`` takes it to; bilinear."""
    from PIL import Image as PilImage

    a, b, x, y = turn
    # Pillow takes the middle of a pixel to be at a half, the points count from the middle of the first
    shift_x, shift_y = x + 0.5 - (a - b) / 2, y + 0.5 - (a + b) / 2
    made = PilImage.fromarray(pixels).transform(
        (side, side),
        PilImage.Transform.AFFINE,
        (a, -b, shift_x, b, a, shift_y),
        PilImage.Resampling.BILINEAR,
    )
    return np.array(made)


def similarity(points: npt.NDArray[np.float64], places: npt.NDArray[np.float64], owner: str) -> Similarity:
    """What takes points nearest to places, by least squares (Umeyama, 1991).

    Raises:
        InputError: all points lie in one place.
    """
    from_middle, to_middle = points.mean(0), places.mean(0)
    u, v = (points - from_middle).T
    p, q = (places - to_middle).T
    spread = float((u * u + v * v).sum())
    if spread < _LEAST_SPREAD:
        raise InputError(f"{owner!r}: the points of a face lie in one place, so that nobody can tell how it lies")
    a, b = float((u * p + v * q).sum()) / spread, float((u * q - v * p).sum()) / spread
    x, y = to_middle - (a * from_middle[0] - b * from_middle[1], b * from_middle[0] + a * from_middle[1])
    return a, b, float(x), float(y)


def _inverse(turn: Similarity) -> Similarity:
    a, b, x, y = turn
    size = max(a * a + b * b, _LEAST_SPREAD)
    return a / size, -b / size, -(a * x + b * y) / size, (b * x - a * y) / size

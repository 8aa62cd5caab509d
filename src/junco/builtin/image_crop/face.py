"""``image-crop.face``: an image and a `Face` → the face upright, of one size, its eyes and mouth at fixed places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.extras import check_installed
from junco.builtin.image_crop.edges import edges_of
from junco.errors import InputError
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Box, Face, Image
from junco.wording import picture

SIDE = 112
_LEAST_SPREAD = 1e-9
PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
"""Where the five points belong in a picture of 112×112 (Deng et al., "ArcFace", 2019)."""

Similarity = tuple[float, float, float, float]
"""A turn, scale and shift (a, b, x, y): a point (u, v) comes to (a·u − b·v + x, b·u + a·v + y)."""


class FaceCrop(Operator, family="image-crop", name="face"):
    """Turns, scales and cuts a face out of an image so that its five points come as near as they can to fixed places.

    A `Box` has no points: what is in it is taken to be upright, scaled by its longer side and noted as ``assumed``.
    What lies outside of the image is black.

    Args:
        side: of the result, in pixels.

    Raises:
        InputError: what is given is no face with five points in different places, and no box with something inside.
    """

    side: int = option(SIDE, least=8, most=4096)

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True

    def open(self) -> None:
        check_installed("PIL", "faces", self.name)

    def batch(self, images: Sequence[Image], boxes: Sequence[Box | Face]) -> Sequence[Image]:
        self.note("assumed", [at for at, box in enumerate(boxes) if isinstance(box, Box)])
        return [self._cut(image, box) for image, box in zip(images, boxes, strict=True)]

    def _cut(self, image: Any, box: Any) -> Image:
        pixels = checked_pixels(image, self.name)
        return (upright if isinstance(box, Box) else aligned)(pixels, box, self.side, self.name)


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
    return _turned(pixels, _inverse(similarity(points, PLACES * (side / SIDE), owner)), side)


def upright(pixels: Image, box: Box, side: int, owner: str) -> Image:
    """What is in a box and, where that is no square, beside it: uint8 RGB (side, side, 3), bilinear.

    Raises:
        InputError: the box has nothing inside.
    """
    edges = edges_of(box, owner)
    if not edges.is_some:
        raise InputError(f"{owner!r}: nothing is inside {box}")
    scale = max(edges.x1 - edges.x0, edges.y1 - edges.y0) / side
    # from the middle of the box's first pixel
    x, y = (
        (low + high - scale * side) / 2 - 0.5 + scale / 2 for low, high in ((edges.x0, edges.x1), (edges.y0, edges.y1))
    )
    return _turned(pixels, (scale, 0.0, x, y), side)


def _turned(pixels: Image, turn: Similarity, side: int) -> Image:
    """The picture in which each place shows what ``turn`` takes it to."""
    from PIL import Image as PilImage

    a, b, x, y = turn
    # Pillow takes the middle of a pixel to be at a half, the points count from the middle of the first
    shift_x, shift_y = x + 0.5 - (a - b) / 2, y + 0.5 - (a + b) / 2
    turned = PilImage.fromarray(pixels).transform(
        (side, side),
        PilImage.Transform.AFFINE,
        (a, -b, shift_x, b, a, shift_y),
        PilImage.Resampling.BILINEAR,
    )
    return np.array(turned)


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

"""``image-crop.face``: an image and a `Face` → the face upright, of one size, its eyes and mouth at fixed places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.builtin.face_alignment import SIDE, aligned, turned
from junco.builtin.image_crop.edges import edges_of
from junco.errors import InputError
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Box, Face, Image


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
    packages = {"PIL": "faces"}
    keeps_space = True

    def batch(self, images: Sequence[Image], boxes: Sequence[Box | Face]) -> Sequence[Image]:
        self.note("assumed", [at for at, box in enumerate(boxes) if isinstance(box, Box)])
        return [self._cut(image, box) for image, box in zip(images, boxes, strict=True)]

    def _cut(self, image: Any, box: Any) -> Image:
        pixels = checked_pixels(image, self.name)
        return (upright if isinstance(box, Box) else aligned)(pixels, box, self.side, self.name)


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
    return turned(pixels, (scale, 0.0, x, y), side)

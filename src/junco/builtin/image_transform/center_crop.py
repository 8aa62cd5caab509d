"""``image-transform.center-crop``: pixels → the middle of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image


class CenterCrop(Operator, family="image-transform", name="center-crop"):
    """Cuts the middle out of pictures: uint8 RGB (height, width, 3) → the same in one size.

    A smaller picture lies on black in the middle. Bit for bit as torchvision does it.

    Args:
        height: of the result, in pixels.
        width: of the result, in pixels.
    """

    height: int = option(224, least=1, most=2**15)
    width: int = option(224, least=1, most=2**15)

    hints = Hints(max_batch=1, thread_safe=True)
    keeps_space = True

    def batch(self, images: Sequence[Image]) -> Sequence[Image]:
        return [self._middle(checked_pixels(image, self.name)) for image in images]

    def _middle(self, pixels: Image) -> Image:
        middle: Image = np.zeros((self.height, self.width, 3), np.uint8)
        rows = _parts(pixels.shape[0], self.height)
        columns = _parts(pixels.shape[1], self.width)
        middle[rows[1], columns[1]] = pixels[rows[0], columns[0]]
        return middle


def _parts(size: int, wanted: int) -> tuple[slice, slice]:
    """The part that is taken of an axis, and where it lies in the result."""
    if size >= wanted:
        start = round((size - wanted) / 2)
        return slice(start, start + wanted), slice(0, wanted)
    start = (wanted - size) // 2
    return slice(0, size), slice(start, start + size)

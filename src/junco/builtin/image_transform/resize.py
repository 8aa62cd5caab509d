"""``image-transform.resize``: pixels → pixels of another size, by Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from junco.builtin.extras import importing
from junco.errors import InputError
from junco.neural.pixels import MOST_PIXELS, checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image


class Resize(Operator, family="image-transform", name="resize"):
    """Resizes pictures: uint8 RGB (height, width, 3) → the same in another size.

    With smoothing where it gets smaller, bit for bit as torchvision resizes Pillow's pictures.

    Args:
        height: of the result, in pixels.
        width: of the result, in pixels.
        fit: ``stretch`` makes it exactly so large; ``cover`` keeps the picture's shape and makes it the smallest that
            covers height and width, ``inside`` the largest that they hold.
        interpolation: the filter.
    """

    height: int = option(224, least=1)
    width: int = option(224, least=1)
    fit: Literal["stretch", "cover", "inside"] = "stretch"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bicubic"

    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True

    def batch(self, images: Sequence[Image]) -> Sequence[Image]:
        return [self._resized(checked_pixels(image, self.name)) for image in images]

    def _resized(self, pixels: Image) -> Image:
        with importing("vision", self.name):
            from PIL import Image as PilImage
        height, width = self._size(*pixels.shape[:2])
        if height * width > MOST_PIXELS:
            before = f"{pixels.shape[1]}×{pixels.shape[0]}"
            raise InputError(f"{self.name!r}: an image of {before} would become {width}×{height}; crop it first")
        resampling = PilImage.Resampling[self.interpolation.upper()]
        return np.array(PilImage.fromarray(pixels).resize((width, height), resampling))

    def _size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the result; parts of pixels are left out."""
        if self.fit == "stretch":
            return self.height, self.width
        is_by_height = self.height * width >= self.width * height  # whether the height decides what covers
        if is_by_height == (self.fit == "cover"):
            return self.height, max(1, self.height * width // height)
        return max(1, self.width * height // width), self.width

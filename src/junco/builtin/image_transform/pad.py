"""``image-transform.pad``: pixels → the same with a margin, to a square or a size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from junco.neural.pixels import check_color, checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image


class Pad(Operator, family="image-transform", name="pad"):
    """Sets pictures into the middle of a larger one: uint8 RGB (height, width, 3) → the same, larger.

    Nothing is cut: a picture that is larger already stays so. Of an odd margin the larger part is right and below.

    Args:
        height: the least height of the result, in pixels; none: that of a square around the picture.
        width: the least width of the result; none: that of the square.
        fill: ``constant`` takes `color`, ``edge`` repeats the outermost pixels.
        color: red, green and blue of the margin.
    """

    height: int | None = option(None, least=1, most=2**15)
    width: int | None = option(None, least=1, most=2**15)
    fill: Literal["constant", "edge"] = "constant"
    color: tuple[int, int, int] = (0, 0, 0)

    hints = Hints(max_batch=1, thread_safe=True)
    keeps_space = True

    def check_options(self) -> None:
        check_color(self.color, "color", self.name)

    def batch(self, images: Sequence[Image]) -> Sequence[Image]:
        return [self._padded(checked_pixels(image, self.name)) for image in images]

    def _padded(self, pixels: Image) -> Image:
        height, width = pixels.shape[:2]
        square = max(height, width)
        margins = []
        for size, least in ((height, self.height or square), (width, self.width or square)):
            margin = max(0, least - size)
            margins.append((margin // 2, margin - margin // 2))
        if self.fill == "edge":
            return np.pad(pixels, (*margins, (0, 0)), "edge")
        (top, bottom), (left, right) = margins
        padded: Image = np.empty((top + height + bottom, left + width + right, 3), np.uint8)
        padded[:] = self.color
        padded[top : top + height, left : left + width] = pixels
        return padded

"""``image-crop.box``: an image and a `Box` → the pixels inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from junco.builtin.image_crop.edges import edges_of, nearest_boundary
from junco.errors import InputError, ParameterError
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Box, Face, Image


class BoxCrop(Operator, family="image-crop", name="box"):
    """Cuts a box out of an image: uint8 RGB (height, width, 3) → the same, smaller.

    Each edge goes to the nearest boundary between pixels (halves go right and down), then the box is clipped to the
    image; of a box less than a pixel wide or high one is taken. Of a `Face` its box is taken.

    Args:
        margin: widens the box before that, on each side by this fraction of its width or height.

    Raises:
        InputError: no pixel is inside, or the box is none.
    """

    margin: float = option(0.0, least=0)

    hints = Hints(max_batch=1, thread_safe=True)
    keeps_space = True

    def check_options(self) -> None:
        if self.margin == math.inf:
            raise ParameterError(f"{self.name!r}: margin={self.margin!r} must be a fraction, 0 or more")

    def batch(self, images: Sequence[Image], boxes: Sequence[Box | Face]) -> Sequence[Image]:
        return [self._cropped(image, box) for image, box in zip(images, boxes, strict=True)]

    def _cropped(self, image: Any, box: Any) -> Image:
        pixels = checked_pixels(image, self.name)
        given = edges_of(box, self.name)
        x0, y0, x1, y1 = given.widened(self.margin * (given.x1 - given.x0), self.margin * (given.y1 - given.y0))
        height, width = pixels.shape[:2]
        if not (given.is_some and x0 < width and x1 > 0 and y0 < height and y1 > 0):
            raise InputError(f"{self.name!r}: no pixel of the {width}×{height} image is inside {box}")
        # A copy: a small crop must not keep a large frame in memory.
        return pixels[_between(y0, y1, height), _between(x0, x1, width)].copy()


def _between(start: float, end: float, size: int) -> slice:
    """What is taken of an axis, of which something lies in between: at least one pixel."""
    first = min(max(nearest_boundary(start), 0), size - 1)
    return slice(first, max(min(nearest_boundary(end), size), first + 1))

"""``image-crop.box``: an image and a `Box` → the pixels inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from junco.errors import InputError, ParameterError
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Box, Image
from junco.wording import picture


class BoxCrop(Operator, family="image-crop", name="box"):
    """Cuts a box out of an image: uint8 RGB (height, width, 3) → the same, smaller.

    Each edge goes to the nearest boundary between pixels (halves go right and down), then the box is clipped to the
    image.

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

    def batch(self, images: Sequence[Image], boxes: Sequence[Box]) -> Sequence[Image]:
        return [self._cropped(image, box) for image, box in zip(images, boxes, strict=True)]

    def _cropped(self, image: Any, box: Any) -> Image:
        pixels = checked_pixels(image, self.name)
        x0, y0, x1, y1 = self._edges(box)
        height, width = pixels.shape[:2]
        rows = slice(_clipped(y0, height), _clipped(y1, height))
        columns = slice(_clipped(x0, width), _clipped(x1, width))
        # A copy: a small crop must not keep a large frame in memory.
        cropped = pixels[rows, columns].copy()
        if cropped.size == 0:
            raise InputError(f"{self.name!r}: no pixel of the {width}×{height} image is inside {box}")
        return cropped

    def _edges(self, box: Any) -> tuple[float, float, float, float]:
        if not isinstance(box, Box):
            raise InputError(f"{self.name!r} takes a junco.types.Box, not {picture(box)}")
        if not all(map(math.isfinite, (box.x0, box.y0, box.x1, box.y1))):
            raise InputError(f"{self.name!r}: the edges of {box} are not all finite")
        dx, dy = self.margin * (box.x1 - box.x0), self.margin * (box.y1 - box.y0)
        return box.x0 - dx, box.y0 - dy, box.x1 + dx, box.y1 + dy


def _clipped(edge: float, size: int) -> int:
    return min(max(math.floor(edge + 0.5), 0), size)

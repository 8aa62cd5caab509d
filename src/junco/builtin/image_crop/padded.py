"""``image-crop.padded``: an image and a `Box` → the pixels inside and around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from junco.builtin.image_crop.edges import Edges, edges_of, nearest_boundary
from junco.errors import InputError, ParameterError
from junco.neural.pixels import MOST_PIXELS, check_color, checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Box, Face, Image


class PaddedCrop(Operator, family="image-crop", name="padded"):
    """Cuts a box and what is around it out of an image: uint8 RGB (height, width, 3) → the same, smaller.

    The box is widened by `margin`, then by `margin_pixels`, then to a square if that is asked for, about its middle;
    then each edge goes to the nearest boundary between pixels (halves go right and down). Of a `Face` its box is taken.

    Args:
        margin: widens the box on each side by this fraction of its width or height.
        margin_pixels: widens it on each side by so many pixels.
        square: widens its shorter side to the longer.
        outside: where the box reaches over the image's border: ``clip`` leaves that part out, ``shift`` moves the box
            inside as far as it fits, ``edge`` repeats the outermost pixels, ``constant`` takes `color`.
        color: red, green and blue of what is outside.

    Raises:
        InputError: no pixel of the image is inside the box as it was given, or it is none.
    """

    margin: float = option(0.1, least=0)
    margin_pixels: float = option(0.0, least=0)
    square: bool = False
    outside: Literal["clip", "shift", "edge", "constant"] = "clip"
    color: tuple[int, int, int] = (0, 0, 0)

    hints = Hints(max_batch=1, thread_safe=True)
    keeps_space = True

    def check_options(self) -> None:
        if math.inf in (self.margin, self.margin_pixels):
            raise ParameterError(f"{self.name!r}: margins must be numbers, not {math.inf}")
        check_color(self.color, "color", self.name)

    def batch(self, images: Sequence[Image], boxes: Sequence[Box | Face]) -> Sequence[Image]:
        return [self._cropped(image, box) for image, box in zip(images, boxes, strict=True)]

    def _cropped(self, image: Any, box: Any) -> Image:
        pixels = checked_pixels(image, self.name)
        height, width = pixels.shape[:2]
        given = edges_of(box, self.name)
        if not (given.x0 < width and given.x1 > 0 and given.y0 < height and given.y1 > 0 and given.is_some):
            raise InputError(f"{self.name!r}: no pixel of the {width}×{height} image is inside {box}")
        wide = self._widened(given)
        columns, rows = self._places(wide.x0, wide.x1, width), self._places(wide.y0, wide.y1, height)
        if (rows[1] - rows[0]) * (columns[1] - columns[0]) > MOST_PIXELS:
            raise InputError(f"{self.name!r}: {box} with its margins has more than {MOST_PIXELS:,} pixels")
        return self._taken(pixels, rows, columns)

    def _widened(self, edges: Edges) -> Edges:
        dx = self.margin * (edges.x1 - edges.x0) + self.margin_pixels
        dy = self.margin * (edges.y1 - edges.y0) + self.margin_pixels
        if self.square:
            longer = max(edges.x1 - edges.x0 + 2 * dx, edges.y1 - edges.y0 + 2 * dy)
            dx, dy = (longer - (edges.x1 - edges.x0)) / 2, (longer - (edges.y1 - edges.y0)) / 2
        return edges.widened(dx, dy)

    def _places(self, start: float, end: float, size: int) -> tuple[int, int]:
        """First and end of what is taken of an axis; at least one pixel of the image."""
        first, last = nearest_boundary(start), nearest_boundary(end)
        if self.outside == "shift":
            moved = max(-first, 0) - max(last - size, 0)
            first, last = first + moved, last + moved
        if self.outside in ("clip", "shift"):
            first, last = max(first, 0), min(last, size)
        first = min(first, size - 1)
        return first, max(last, first + 1, 1)

    def _taken(self, pixels: Image, rows: tuple[int, int], columns: tuple[int, int]) -> Image:
        height, width = pixels.shape[:2]
        y, x = np.arange(*rows), np.arange(*columns)
        taken: Image = pixels[y.clip(0, height - 1)][:, x.clip(0, width - 1)]
        if self.outside == "constant":
            taken[(y < 0) | (y >= height)] = self.color
            taken[:, (x < 0) | (x >= width)] = self.color
        return np.ascontiguousarray(taken)

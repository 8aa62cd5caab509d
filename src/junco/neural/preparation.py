"""A picture's way into a model: its shorter side resized, the middle cut out, levels left as uint8.

There are two ways. The exact one is the reference's, Pillow's, bit for bit. The fast one (`resize`) is the same filter
in faster arithmetic, which differs by one level here and there; it is used where a model's vectors agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from junco.neural import resize
from junco.types import Image

Prepared = npt.NDArray[np.uint8]
"""A picture as the model's graph takes it, (height, width, 3); the graph itself scales the levels."""


class Preparation(Protocol):
    """How pictures are made ready for one model."""

    @property
    def resized_side(self) -> int:
        """Pixels of the shorter side after the resize, before the crop."""

    def exact(self, pixels: Image) -> Prepared:
        """Bit for bit as the reference does it."""

    def fast(self, pixels: Image) -> Prepared:
        """Nearly the same, sooner; the same where there is no faster way."""


@dataclass(frozen=True, slots=True)
class MiddleCrop:
    """The shorter side resized to ``resized_side``, then the middle ``side``×``side``.

    Attributes:
        resampling: Pillow's name of the filter in lower case, ``bicubic``, ``bilinear`` ….
    """

    side: int
    resized_side: int
    resampling: str = "bicubic"

    def exact(self, pixels: Image) -> Prepared:
        """By Pillow."""
        from PIL import Image as PilImage

        width, height = self._size(pixels)
        # Not resize(box=…) of the middle alone, which would be faster: it rounds some levels differently.
        resized = PilImage.fromarray(pixels).resize((width, height), PilImage.Resampling[self.resampling.upper()])
        left, top = round((width - self.side) / 2), round((height - self.side) / 2)
        return np.array(resized.crop((left, top, left + self.side, top + self.side)))

    def fast(self, pixels: Image) -> Prepared:
        """By `resize`, where it has such a filter."""
        width, height = self._size(pixels)
        if self.resampling not in ("bicubic", "bilinear"):
            return self.exact(pixels)
        left, top = round((width - self.side) / 2), round((height - self.side) / 2)
        if (height, width) == pixels.shape[:2]:
            return np.ascontiguousarray(pixels[top : top + self.side, left : left + self.side])
        return resize.resized(pixels, resize.Window(height, width, top, left, self.side), self.resampling)

    def _size(self, pixels: Image) -> tuple[int, int]:
        height, width = pixels.shape[:2]
        shorter, resized = min(height, width), self.resized_side
        return max(resized, resized * width // shorter), max(resized, resized * height // shorter)


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform of torchvision's kind, PIL image → uint8 (3, height, width), for models whose way is another one."""

    transform: Any
    resized_side: int

    def exact(self, pixels: Image) -> Prepared:
        """By the transform."""
        from PIL import Image as PilImage

        return np.ascontiguousarray(np.moveaxis(np.asarray(self.transform(PilImage.fromarray(pixels))), 0, 2))

    def fast(self, pixels: Image) -> Prepared:
        """By the transform too."""
        return self.exact(pixels)

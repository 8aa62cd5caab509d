"""``image-transform.color``: pixels → pixels in other colours, by Pillow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from junco.errors import ParameterError
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image


@dataclass(frozen=True, slots=True)
class Change:
    """How colours change; 1 is as they are, and no hue is turned.

    Attributes:
        brightness, contrast, saturation: 0 takes all of it away, 2 doubles it.
        hue: shares of a full turn.
    """

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0

    def applied(self, pixels: Image) -> Image:
        """Brightness, contrast, saturation and hue changed, in this order; levels are rounded after each."""
        from PIL import Image as PilImage
        from PIL import ImageEnhance

        made = PilImage.fromarray(pixels)
        for enhance, factor in (
            (ImageEnhance.Brightness, self.brightness),
            (ImageEnhance.Contrast, self.contrast),
            (ImageEnhance.Color, self.saturation),
        ):
            made = enhance(made).enhance(factor) if factor != 1 else made
        if self.hue:
            hue, saturation, value = made.convert("HSV").split()
            turned = np.asarray(hue) + np.uint8(int(self.hue * 255) % 256)  # beyond the last hue comes the first
            made = PilImage.merge("HSV", (PilImage.fromarray(turned), saturation, value)).convert("RGB")
        return np.array(made)


class Color(Operator, family="image-transform", name="color"):
    """Changes the colours of pictures: uint8 RGB (height, width, 3) → the same in other colours.

    Brightness, contrast, saturation, hue and grey, in this order; bit for bit as torchvision changes Pillow's pictures.

    Args:
        brightness: 1 is as it is, 0 black, 2 twice as bright.
        contrast: 1 is as it is, 0 plain grey.
        saturation: 1 is as it is, 0 grey.
        hue: turned by this share of a full turn.
        grey: without colours: luma in all three channels.
    """

    brightness: float = option(1.0, least=0)
    contrast: float = option(1.0, least=0)
    saturation: float = option(1.0, least=0)
    hue: float = option(0.0, least=-0.5, most=0.5)
    grey: bool = False

    packages = {"PIL": "vision"}
    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True

    def check_options(self) -> None:
        for name in ("brightness", "contrast", "saturation"):
            if getattr(self, name) == math.inf:
                raise ParameterError(f"{self.name!r}: {name}={math.inf} must be a number")

    def batch(self, images: Sequence[Image]) -> Sequence[Image]:
        from PIL import Image as PilImage

        change = Change(self.brightness, self.contrast, self.saturation, self.hue)
        changed = [change.applied(checked_pixels(image, self.name)) for image in images]
        if not self.grey:
            return changed
        return [np.array(PilImage.fromarray(image).convert("L").convert("RGB")) for image in changed]

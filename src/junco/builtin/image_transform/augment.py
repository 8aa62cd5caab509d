"""``image-transform.augment``: pixels → the same by chance mirrored, cropped and in slightly other colours."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from junco.builtin.image_transform.color import Change
from junco.neural.pixels import checked_pixels
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.types import Image

_MOST_RATIO = 4 / 3
"""How far the crop's shape may be from the picture's: as training crops are drawn since Szegedy et al. (2015)."""
_TRIES = 10


class Augment(Operator, family="image-transform", name="augment"):
    """Changes pictures by chance, as training does: uint8 RGB (height, width, 3) → mirrored, cropped, other colours.

    Chance is drawn from the seed and the picture's own pixels: a picture comes out the same in every run, batch and
    order, and another seed makes another of it.

    Args:
        flip: how often it is mirrored, left and right exchanged.
        least_area: the crop's least share of the picture; its shape is up to 4/3 wider or higher. 1: no crop.
        brightness: the most that it changes, up or down, by a share of what it is.
        contrast: the same of contrast.
        saturation: the same of saturation.
        hue: the most that it turns, either way, by a share of a full turn.
        seed: where chance starts.
    """

    flip: float = option(0.5, least=0, most=1)
    least_area: float = option(0.5, least=0.01, most=1)
    brightness: float = option(0.2, least=0, most=1)
    contrast: float = option(0.2, least=0, most=1)
    saturation: float = option(0.2, least=0, most=1)
    hue: float = option(0.0, least=0, most=0.5)
    seed: int = option(0, least=0, most=2**63)

    packages = {"PIL": "vision"}
    hints = Hints(max_batch=1, releases_gil=True, thread_safe=True)
    keeps_space = True

    def batch(self, images: Sequence[Image]) -> Sequence[Image]:

        return [self._augmented(checked_pixels(image, self.name)) for image in images]

    def _augmented(self, pixels: Image) -> Image:
        content = hashlib.blake2b(pixels.data, digest_size=8).digest()
        chance = np.random.default_rng([self.seed, int.from_bytes(content)])
        is_mirrored = chance.random() < self.flip
        rows, columns = self._crop(pixels.shape[0], pixels.shape[1], chance)
        bounds = (self.brightness, self.contrast, self.saturation, self.hue)
        brightness, contrast, saturation, hue = (chance.uniform(-most, most) for most in bounds)
        change = Change(1 + brightness, 1 + contrast, 1 + saturation, hue)
        cropped = pixels[rows, columns]
        return change.applied(np.ascontiguousarray(cropped[:, ::-1] if is_mirrored else cropped))

    def _crop(self, height: int, width: int, chance: np.random.Generator) -> tuple[slice, slice]:
        """Rows and columns of the crop; all of them where none was found that fits."""
        for _ in range(_TRIES if self.least_area < 1 else 0):
            area = height * width * chance.uniform(self.least_area, 1)
            ratio = width / height * math.exp(chance.uniform(-1, 1) * math.log(_MOST_RATIO))
            rows, columns = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
            if 0 < rows <= height and 0 < columns <= width:
                top, left = (int(chance.integers(most + 1)) for most in (height - rows, width - columns))
                return slice(top, top + rows), slice(left, left + columns)
        return slice(0, height), slice(0, width)

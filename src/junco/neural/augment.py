"""Pictures changed at random while a model is trained on them: a part of each, at its full size, maybe mirrored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from junco.train.task import Tensors

if TYPE_CHECKING:
    import torch

LEAST_AREA = 0.5
"""Of a picture, that is left."""
RATIO = (3 / 4, 4 / 3)
"""Of the sides of what is left, the least and the most."""
_TRIES = 10


def cropped_and_mirrored(tensors: Tensors, generator: torch.Generator) -> Tensors:
    """Levels uint8 (n, height, width, 3) → the same of a random part of each, and of half of them mirrored.

    The same generator gives the same pictures, whatever else is drawn elsewhere.
    """
    import torch
    from torchvision.transforms.v2 import functional

    pictures, *others = tensors
    made = torch.empty_like(pictures)
    height, width = pictures.shape[1:3]
    for place, picture in zip(made, pictures, strict=True):
        top, left, tall, wide = _part(height, width, generator)
        channels = picture.permute(2, 0, 1)
        cut = functional.resized_crop(channels, top, left, tall, wide, [height, width], antialias=True)
        is_mirrored = torch.rand((), generator=generator).item() < 0.5
        place.copy_((functional.horizontal_flip(cut) if is_mirrored else cut).permute(1, 2, 0))
    return (made, *others)


def _part(height: int, width: int, generator: torch.Generator) -> tuple[int, int, int, int]:
    """Top, left, height and width of a part, as Szegedy et al. draw it ("Going deeper with convolutions", 2014)."""
    import torch

    low, high = (math.log(each) for each in RATIO)
    for _ in range(_TRIES):
        area, ratio, down, right = torch.rand(4, generator=generator).tolist()
        area = height * width * (LEAST_AREA + area * (1 - LEAST_AREA))
        ratio = math.exp(low + ratio * (high - low))
        tall, wide = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < tall <= height and 0 < wide <= width:
            return int(down * (height - tall + 1)), int(right * (width - wide + 1)), tall, wide
    return 0, 0, height, width

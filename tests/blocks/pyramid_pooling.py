"""Feature maps seen at several scales."""

from __future__ import annotations

import torch
from torch import nn
from torchvision.models.segmentation.deeplabv3 import ASPP

from blocks import Case, Equality
from blocks.by_place import by_place
from junco.nn import AtrousSpatialPyramidPooling, SpatialPyramidPooling


def _of_torch(x):
    return torch.cat([nn.AdaptiveMaxPool2d(bins)(x).flatten(1) for bins in (1, 3, 4)], dim=1)


CASES = [
    Case(
        "AtrousSpatialPyramidPooling",
        lambda: AtrousSpatialPyramidPooling(6, 8, (2, 3), dropout=nn.Dropout(0.5)),
        ((2, 6, 7, 9),),
        (2, 8, 7, 9),
    ),
    Case("SpatialPyramidPooling", SpatialPyramidPooling, ((2, 3, 8, 12),), (2, 63)),
    Case("SpatialPyramidPooling of odd sides", lambda: SpatialPyramidPooling((3, 2)), ((2, 3, 7, 11),), (2, 39)),
]

EQUALITIES = [
    *(
        Equality(
            "AtrousSpatialPyramidPooling",
            "torchvision.models.segmentation.deeplabv3.ASPP",
            lambda: by_place(AtrousSpatialPyramidPooling(6, 8, (2, 3, 5)), ASPP(6, (2, 3, 5), 8)),
            (shape,),
        )
        for shape in ((2, 6, 8, 8), (1, 6, 13, 5))
    ),
    *(
        Equality(
            "SpatialPyramidPooling",
            "torch.nn.AdaptiveMaxPool2d",
            lambda: (SpatialPyramidPooling((1, 3, 4)), _of_torch),
            (shape,),
            note="one for each scale",
        )
        for shape in ((2, 3, 12, 12), (2, 3, 7, 11))
    ),
]

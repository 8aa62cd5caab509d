"""Branches of one input."""

from __future__ import annotations

from timm.models.inception_v4 import InceptionA
from torch import nn

from blocks import Case, Equality
from blocks.by_place import by_place
from junco.nn import Branches, ConvNormActivation

_conv = ConvNormActivation


def _small():
    return Branches([_conv(4, 6), nn.Sequential(_conv(4, 2), _conv(2, 3, 3)), nn.Identity()])


def _module_a():
    mean = nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)
    return by_place(
        Branches(
            [
                _conv(384, 96),
                nn.Sequential(_conv(384, 64), _conv(64, 96, 3)),
                nn.Sequential(_conv(384, 64), _conv(64, 96, 3), _conv(96, 96, 3)),
                nn.Sequential(mean, _conv(384, 96)),
            ]
        ),
        InceptionA(),
    )


CASES = [Case("Branches", _small, ((2, 4, 5, 7),), (2, 13, 5, 7))]
EQUALITIES = [
    Equality("Branches", "timm.models.inception_v4.InceptionA", _module_a, (shape,))
    for shape in ((2, 384, 6, 6), (1, 384, 5, 3))
]

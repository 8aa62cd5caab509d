"""Inception-v4 as a torch module, out of branches.

Szegedy, Ioffe, Vanhoucke and Alemi, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning"
(2017).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial

import torch
from torch import nn

from junco.models.inception_v4.config import DIM, InceptionV4Config
from junco.nn import Branches, ConvNormActivation

_conv = partial(ConvNormActivation, norm=partial(nn.BatchNorm2d, eps=1e-3))
_inner = partial(_conv, conv=partial(nn.Conv2d, bias=False))
"""A convolution that has places within the map alone, so that it gives a smaller one."""
_ROW, _COLUMN = (1, 7), (7, 1)


class InceptionV4(nn.Module):
    """Normalised pictures (n, 3, h, w), of 75 pixels a side or more → features (n, 1536), the mean over space.

    Args:
        config: its depth.
    """

    def __init__(self, config: InceptionV4Config) -> None:
        super().__init__()
        num_a, num_b, num_c = config.depths
        self.stem = _stem()
        self.stages = nn.Sequential(
            _stage(_module_a() for _ in range(num_a)),
            _stage((_reduction_a(), *(_module_b() for _ in range(num_b)))),
            _stage((_reduction_b(), *(_module_c() for _ in range(num_c)))),
        )
        self.head = nn.Linear(DIM, config.num_classes) if config.num_classes else None

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.stages(self.stem(levels))
        return features.mean((2, 3))

    def classify(self, levels: torch.Tensor) -> torch.Tensor:
        """Normalised pictures → logits (n, classes)."""
        assert self.head is not None, "a network of no classes has no classifier"
        logits: torch.Tensor = self.head(self(levels))
        return logits


def _stage(modules: Iterable[nn.Module]) -> nn.Module:
    return nn.Sequential(OrderedDict(blocks=nn.Sequential(*modules)))


def _stem() -> nn.Module:
    straight = nn.Sequential(_conv(160, 64), _inner(64, 96, 3))
    turned = nn.Sequential(_conv(160, 64), _conv(64, 64, _ROW), _conv(64, 64, _COLUMN), _inner(64, 96, 3))
    return nn.Sequential(
        _inner(3, 32, 3, stride=2),
        _inner(32, 32, 3),
        _conv(32, 64, 3),
        Branches([nn.MaxPool2d(3, 2), _inner(64, 96, 3, stride=2)]),
        Branches([straight, turned]),
        Branches([_inner(192, 192, 3, stride=2), nn.MaxPool2d(3, 2)]),
    )


def _module_a() -> nn.Module:
    return Branches(
        [
            _conv(384, 96),
            nn.Sequential(_conv(384, 64), _conv(64, 96, 3)),
            nn.Sequential(_conv(384, 64), _conv(64, 96, 3), _conv(96, 96, 3)),
            nn.Sequential(_mean(), _conv(384, 96)),
        ]
    )


def _reduction_a() -> nn.Module:
    deep = nn.Sequential(_conv(384, 192), _conv(192, 224, 3), _inner(224, 256, 3, stride=2))
    return Branches([_inner(384, 384, 3, stride=2), deep, nn.MaxPool2d(3, 2)])


def _module_b() -> nn.Module:
    twice = (_conv(192, 192, _COLUMN), _conv(192, 224, _ROW), _conv(224, 224, _COLUMN), _conv(224, 256, _ROW))
    return Branches(
        [
            _conv(1024, 384),
            nn.Sequential(_conv(1024, 192), _conv(192, 224, _ROW), _conv(224, 256, _COLUMN)),
            nn.Sequential(_conv(1024, 192), *twice),
            nn.Sequential(_mean(), _conv(1024, 128)),
        ]
    )


def _reduction_b() -> nn.Module:
    turned = (_conv(256, 256, _ROW), _conv(256, 320, _COLUMN), _inner(320, 320, 3, stride=2))
    short = nn.Sequential(_conv(1024, 192), _inner(192, 192, 3, stride=2))
    return Branches([short, nn.Sequential(_conv(1024, 256), *turned), nn.MaxPool2d(3, 2)])


def _module_c() -> nn.Module:
    return Branches(
        [
            _conv(1536, 256),
            nn.Sequential(_conv(1536, 384), _both_ways(384)),
            nn.Sequential(_conv(1536, 384), _conv(384, 448, (3, 1)), _conv(448, 512, (1, 3)), _both_ways(512)),
            nn.Sequential(_mean(), _conv(1536, 256)),
        ]
    )


def _both_ways(width: int) -> nn.Module:
    return Branches([_conv(width, 256, (1, 3)), _conv(width, 256, (3, 1))])


def _mean() -> nn.Module:
    """Of 3×3 pixels; at an edge, of those that there are."""
    return nn.AvgPool2d(3, 1, padding=1, count_include_pad=False)

"""EfficientNet as a torch module, out of inverted residuals."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import torch
from torch import nn

from junco.models.efficientnet.config import EfficientNetConfig, StageConfig
from junco.nn import (
    ConvCentred,
    ConvNormActivation,
    ConvSame,
    DepthwiseSeparable,
    InvertedResidual,
    SqueezeExcitation,
)


class EfficientNet(nn.Module):
    """Normalised pictures (n, 3, h, w) → features (n, dim), the mean over space of the last convolution's.

    Args:
        config: its size.
    """

    def __init__(self, config: EfficientNetConfig) -> None:
        super().__init__()
        self.config = config
        self.activation = nn.ReLU6 if config.is_lite else nn.SiLU
        self.norm = partial(nn.BatchNorm2d, eps=config.epsilon)
        self.convolution = partial(
            ConvNormActivation,
            conv=ConvSame if config.has_same_padding else ConvCentred,
            norm=self.norm,
            activation=self.activation,
        )
        widths = [config.stem_width, *(each.width for each in config.stages)]
        self.stem = self.convolution(3, config.stem_width, 3, stride=2)
        self.stages = nn.Sequential(*map(self._stage, widths, config.stages))
        self.top = self.convolution(widths[-1], config.dim)
        self.head = nn.Linear(config.dim, config.num_classes) if config.num_classes else None

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.top(self.stages(self.stem(levels)))
        return features.mean((2, 3))

    def classify(self, levels: torch.Tensor) -> torch.Tensor:
        """Normalised pictures → logits (n, classes)."""
        assert self.head is not None, "a network of no classes has no classifier"
        logits: torch.Tensor = self.head(self(levels))
        return logits

    def _stage(self, width: int, stage: StageConfig) -> nn.Module:
        first = self._block(width, stage, stage.stride)
        others = (self._block(stage.width, stage, 1) for _ in range(stage.num_blocks - 1))
        return nn.Sequential(OrderedDict(blocks=nn.Sequential(first, *others)))

    def _block(self, width: int, stage: StageConfig, stride: int) -> nn.Module:
        inner_width = width * stage.expansion
        depthwise = self.convolution(inner_width, inner_width, stage.kernel, stride=stride, groups=inner_width)
        squeeze = partial(SqueezeExcitation, inner_width, round(width / 4), activation=self.activation)
        attention = None if self.config.is_lite else squeeze()
        residual = stride == 1 and width == stage.width
        if stage.expansion == 1:
            widths = (width, stage.width)
            return DepthwiseSeparable(widths, depthwise, residual=residual, attention=attention, norm=self.norm)
        return InvertedResidual(
            (width, inner_width, stage.width),
            depthwise,
            residual=residual,
            attention=attention,
            norm=self.norm,
            activation=self.activation,
        )

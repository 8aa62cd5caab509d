"""ResNet and its kin as a torch module, out of one bottleneck."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from junco.models.resnet.config import ResNetConfig
from junco.nn import (
    AveragedShortcut,
    BasicBlock,
    BlurPool,
    Bottleneck,
    ConvNormActivation,
    DeepStem,
    SelectiveKernel,
    SqueezeExcitation,
)

_STEM_WIDTH = 64


class ResNet(nn.Module):
    """Normalised pictures (n, 3, h, w) → features (n, dim), the mean over space of the last stage's.

    Args:
        config: which member of the family it is.
    """

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = self._stem()
        widths = (_STEM_WIDTH, *config.out_widths)
        self.stages = nn.Sequential(*(self._stage(i, width) for i, width in enumerate(widths[:-1])))
        self.head = nn.Linear(config.dim, config.num_classes) if config.num_classes else None

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.stages(self.stem(levels))
        return features.mean((2, 3))

    def classify(self, levels: torch.Tensor) -> torch.Tensor:
        """Normalised pictures → logits (n, classes)."""
        assert self.head is not None, "a network of no classes has no classifier"
        logits: torch.Tensor = self.head(self(levels))
        return logits

    def _stem(self) -> nn.Module:
        is_blurred = self.config.is_antialiased
        conv = DeepStem() if self.config.is_deep else ConvNormActivation(3, _STEM_WIDTH, 7, stride=2)
        pool: nn.Module = nn.MaxPool2d(3, 1 if is_blurred else 2, padding=1)
        blurred = nn.Sequential(pool, BlurPool(_STEM_WIDTH)) if is_blurred else pool
        return nn.Sequential(OrderedDict(conv=conv, pool=blurred))

    def _stage(self, number: int, width: int) -> nn.Module:
        first = self._block(number, width, stride=2 if number else 1)
        out_width = self.config.out_widths[number]
        others = (self._block(number, out_width, stride=1) for _ in range(self.config.depths[number] - 1))
        return nn.Sequential(OrderedDict(blocks=nn.Sequential(first, *others)))

    def _block(self, number: int, width: int, stride: int) -> nn.Module:
        config = self.config
        inner_width, out_width = config.widths[number], config.out_widths[number]
        squeezed = SqueezeExcitation(out_width, config.squeezed_width(out_width)) if config.is_squeezed else None
        shortcut = self._shortcut(width, out_width, stride) if stride > 1 or width != out_width else None
        if config.is_basic:
            first = self._middle(width, inner_width, stride)
            return BasicBlock((inner_width, out_width), first, attention=squeezed, shortcut=shortcut)
        inner_width = config.middle_width(inner_width)
        middle = self._middle(inner_width, inner_width, stride)
        return Bottleneck((width, inner_width, out_width), middle, attention=squeezed, shortcut=shortcut)

    def _shortcut(self, width: int, out_width: int, stride: int) -> nn.Module:
        if self.config.is_deep:
            return AveragedShortcut(width, out_width, stride)
        return ConvNormActivation(width, out_width, stride=stride, activation=None)

    def _middle(self, width: int, out_width: int, stride: int) -> nn.Module:
        """What tells the members of the family apart."""
        groups, selection = self.config.groups, self.config.selection
        if selection is not None:
            share = width // 2 if selection.is_split else width
            paths = [
                ConvNormActivation(share, out_width, 3, stride=stride, groups=groups, dilation=dilation)
                for dilation in (1, 2)
            ]
            return SelectiveKernel(out_width, selection.inner_width(out_width), paths, split=selection.is_split)
        if self.config.is_antialiased and stride > 1:
            return nn.Sequential(ConvNormActivation(width, out_width, 3, groups=groups), BlurPool(out_width, 3, stride))
        return ConvNormActivation(width, out_width, 3, stride=stride, groups=groups)

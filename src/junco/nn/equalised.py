"""Layers whose weights are scaled when they are used, so that all of them learn at the same speed."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.nn.parts import check_room, check_sizes


class EqualisedLinear(nn.Module):
    """A linear layer with an equalised learning rate: weights of unit size, scaled when they are used.

    Shapes: (…, in) → (…, out)

    Formula: y = r · (W x / √in + b)

    Karras et al., "Progressive Growing of GANs" (2018).

    Args:
        in_width, out_width: of the vectors.
        bias: where all biases start.
        rate: r, how fast it learns beside other layers; weights start larger by as much.
    """

    def __init__(self, in_width: int, out_width: int, *, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        check_sizes("EqualisedLinear", in_width=in_width, out_width=out_width)
        check_room("EqualisedLinear", out_width, in_width)
        self.weight = nn.Parameter(torch.randn(out_width, in_width) / rate)
        self.bias = nn.Parameter(torch.full((out_width,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(in_width), rate

    def forward(self, vectors: Tensor) -> Tensor:
        return functional.linear(vectors, self.weight * self.scale, self.bias * self.rate)


class EqualisedConv2d(nn.Module):
    """A convolution with an equalised learning rate, padded so that its stride alone makes a picture smaller.

    Shapes: (n, in, height, width) → (n, out, ⌈height / stride⌉, ⌈width / stride⌉) for an odd size

    Formula: y = W * x / √(in · size²) + b

    Karras et al., "Progressive Growing of GANs" (2018).

    Args:
        in_channels, out_channels: of the feature maps.
        size: of the kernel, height and width.
        stride: of the kernel.
        bias: whether there is one; it starts at 0.
    """

    def __init__(
        self, in_channels: int, out_channels: int, size: int = 3, *, stride: int = 1, bias: bool = True
    ) -> None:
        super().__init__()
        check_sizes("EqualisedConv2d", in_channels=in_channels, out_channels=out_channels, size=size, stride=stride)
        check_room("EqualisedConv2d", out_channels, in_channels, size, size)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, size, size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.scale, self.stride, self.padding = 1 / math.sqrt(in_channels * size**2), stride, size // 2

    def forward(self, maps: Tensor) -> Tensor:
        return functional.conv2d(maps, self.weight * self.scale, self.bias, self.stride, self.padding)

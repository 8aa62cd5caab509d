"""What may stand in attention's place: a convolution that mixes each channel with its neighbours."""

from __future__ import annotations

import torch
from torch import nn

from junco.nn.parts import check_odd, check_room


class DepthwiseMixing(nn.Module):
    """A depthwise convolution of a map whose width is last: each channel by itself, over a square of neighbours.

    Shapes: (n, height, width, channels) → (n, height, width, channels)

    Formula: y_c = w_c * x_c + b_c for each channel c

    In attention's place it makes a :class:`TransformerBlock` ConvNeXt's: Liu et al., "A ConvNet for the 2020s" (2022).

    Args:
        width: channels.
        kernel_size: side of the square, an odd number.
        bias: whether a number is added to each channel.
    """

    def __init__(self, width: int, kernel_size: int = 7, *, bias: bool = True) -> None:
        super().__init__()
        check_odd("DepthwiseMixing", kernel_size=kernel_size)
        check_room("DepthwiseMixing", width, kernel_size, kernel_size)
        self.conv = nn.Conv2d(width, width, kernel_size, padding=kernel_size // 2, groups=width, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.conv(x.permute(0, 3, 1, 2))
        return mixed.permute(0, 2, 3, 1)

"""Attention over channels: each is scaled by a number that all of them, seen as a whole, decide."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from junco.nn.convolution import Activation, activated
from junco.nn.parts import Norm, check_odd, check_room, check_sizes, made


class SqueezeExcitation(nn.Module):
    """Channels scaled by what a small network makes of their means.

    Shapes: (n, width, h, w) → (n, width, h, w)

    Formula: y = x · gate(W₂ activation(norm(W₁ mean(x) + b₁)) + b₂)

    Hu, Shen and Sun, "Squeeze-and-Excitation Networks" (2018).

    Args:
        width: channels.
        inner_width: to how many numbers they are squeezed: a sixteenth in the paper, a quarter in mobile networks.
        norm: what makes a normalisation of the squeezed numbers; the paper has none.
        activation: what makes the activation of the squeezed numbers.
        gate: what makes the function of the scales.
    """

    def __init__(
        self,
        width: int,
        inner_width: int,
        *,
        norm: Norm = None,
        activation: Activation = nn.ReLU,
        gate: Callable[[], nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        check_room(type(self).__name__, width, inner_width)
        self.squeeze = nn.Conv2d(width, inner_width, 1)
        self.norm = made(norm, inner_width)
        self.activation = activated(activation)
        self.excite = nn.Conv2d(inner_width, width, 1)
        self.gate = gate()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squeezed = self.activation(self.norm(self.squeeze(x.mean((2, 3), keepdim=True))))
        result: torch.Tensor = x * self.gate(self.excite(squeezed))
        return result


class EfficientChannelAttention(nn.Module):
    """Channels scaled by what a convolution makes of the means of their neighbours.

    Shapes: (n, width, h, w) → (n, width, h, w)

    Formula: y = x · gate(conv₁ₖ(mean(x))), a kernel of k numbers for the whole block; k is the odd number at or above
    |log₂ width + 1| / 2, but at least 3

    Wang et al., "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks" (2020).

    Args:
        width: channels.
        kernel: how many neighbours count, an odd number; ``None``: by the formula.
        gate: what makes the function of the scales.
    """

    def __init__(self, width: int, kernel: int | None = None, *, gate: Callable[[], nn.Module] = nn.Sigmoid) -> None:
        super().__init__()
        check_sizes(type(self).__name__, width=width)
        if kernel is None:
            neighbours = int(abs(math.log2(width) + 1) / 2)
            kernel = max(neighbours + 1 - neighbours % 2, 3)
        check_odd(type(self).__name__, kernel=kernel)
        check_room(type(self).__name__, kernel)
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)
        self.gate = gate()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        means = x.mean((2, 3)).unsqueeze(1)
        result: torch.Tensor = x * self.gate(self.conv(means)).transpose(1, 2).unsqueeze(3)
        return result

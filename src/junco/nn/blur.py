"""Sizes made smaller without aliasing."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from junco.nn.parts import check_room, check_sizes


class BlurPool(nn.Module):
    """A binomial blur, of which every ``stride``-th pixel is taken.

    Shapes: (n, width, h, w) → (n, width, ⌈h/s⌉, ⌈w/s⌉)

    Formula: y = (k * x) ↓ s, with k the outer product of C(n − 1, i) / 2ⁿ⁻¹ with itself, of n = ``kernel``
    numbers; pixels are mirrored at the edges

    It stands behind a convolution or a pooling of stride 1, in place of their stride.

    Zhang, "Making Convolutional Networks Shift-Invariant Again" (2019).

    Args:
        width: channels.
        kernel: side of the blur.
        stride: pixels between two that are taken.
    """

    blur: torch.Tensor

    def __init__(self, width: int, kernel: int = 3, stride: int = 2) -> None:
        super().__init__()
        check_sizes(type(self).__name__, stride=stride)
        check_room(type(self).__name__, width, kernel, kernel)
        line = torch.tensor([math.comb(kernel - 1, i) / 2 ** (kernel - 1) for i in range(kernel)])
        self.register_buffer("blur", torch.outer(line, line).expand(width, 1, -1, -1).clone(), persistent=False)
        self.padding = (stride + kernel - 2) // 2
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mirrored = functional.pad(x, (self.padding,) * 4, mode="reflect")
        return functional.conv2d(mirrored, self.blur, stride=self.stride, groups=len(self.blur))

"""Convolutions of several kernels: side by side on shares of the channels, or mixed anew for each picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from junco.nn.parts import check_divides, check_odd, check_room, check_sizes


class MixedConvolution(nn.Module):
    """Each convolution takes its share of the channels (MixConv).

    Shapes: (n, Σ widths, h, w) → (n, Σ out widths, h′, w′)

    Formula: y = concat(conv₁(x₁), conv₂(x₂), …); usually with kernels of 3, 5, 7 … and one group a channel

    Tan and Le, "MixConv: Mixed Depthwise Convolutional Kernels" (2019).

    Args:
        convs: the convolutions, as `ConvCentred` or `ConvSame`; how many channels each takes is its own.
    """

    def __init__(self, convs: Sequence[nn.Conv2d]) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_convs=len(convs))
        self.convs = nn.ModuleList(convs)
        self.widths = [each.in_channels for each in convs]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shares = torch.split(x, self.widths, dim=1)
        return torch.cat([conv(share) for conv, share in zip(self.convs, shares, strict=True)], dim=1)


class ConditionalConvolution(nn.Module):
    """A convolution whose kernel is mixed for each picture (CondConv).

    Shapes: (n, width, h, w) → (n, out_width, ⌈h/s⌉, ⌈w/s⌉)

    Formula: r = sigmoid(R mean(x) + b); y = conv(x, Σₑ rₑ Wₑ)

    Yang et al., "CondConv: Conditionally Parameterized Convolutions for Efficient Inference" (2019).

    Args:
        width: channels that come in.
        out_width: channels that go out.
        kernel: side of the kernel, an odd number.
        num_experts: how many kernels there are to mix.
        stride: pixels between two places of the kernel.
        groups: into how many parts the channels are cut, each convolved by itself.
    """

    def __init__(
        self, width: int, out_width: int, kernel: int = 3, *, num_experts: int = 4, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        owner = type(self).__name__
        check_odd(owner, kernel=kernel)
        check_sizes(owner, num_experts=num_experts, stride=stride)
        check_divides(owner, width, groups, "groups")
        check_divides(owner, out_width, groups, "groups")
        numbers = (width // groups) * kernel * kernel
        check_room(owner, num_experts, out_width, numbers)
        self.routing = nn.Linear(width, num_experts)
        self.weight = nn.Parameter(torch.empty(num_experts, out_width, numbers))
        self.kernel, self.stride, self.groups = kernel, stride, groups
        bound = 1 / math.sqrt(numbers)
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # Each picture has a kernel of its own: what a kernel sees is laid out, so that they are one product of matrices
        # with the pictures as its batch, and not a convolution of as many groups as there happen to be pictures.
        shares = self.routing(x.mean((2, 3))).sigmoid()
        kernels = torch.unflatten(shares @ self.weight.flatten(1), 1, (self.groups, -1, self.weight.shape[2]))
        seen = functional.unfold(x, self.kernel, padding=self.kernel // 2, stride=self.stride)
        height, width = (-(-side // self.stride) for side in x.shape[2:])
        rows = kernels @ torch.unflatten(seen, 1, (self.groups, -1))
        return torch.unflatten(rows.flatten(1, 2), 2, (height, width))

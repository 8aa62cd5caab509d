"""Normalisation over the width: of tokens and maps whose width is last, and of maps whose channels are second."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from junco.nn.parts import check_room, check_sizes, wide


class LayerNorm(nn.LayerNorm):
    """Layer normalisation: each token to mean 0 and variance 1 over its width, then a scale and an offset of each.

    Shapes: (…, width) → (…, width)

    Formula: y = (x − mean) / √(var + eps) · weight + bias

    Ba, Kiros and Hinton, "Layer Normalization" (2016).
    """

    def __init__(self, width: int, *, eps: float = 1e-6, bias: bool = True) -> None:
        check_sizes(type(self).__name__, width=width)
        check_room(type(self).__name__, width)
        super().__init__(width, eps=eps, bias=bias)


class RMSNorm(nn.Module):
    """Root-mean-square normalisation: each token to mean square 1 over its width, computed in float32 at least.

    Shapes: (…, width) → (…, width)

    Formula: y = x / √(mean(x²) + eps) · weight

    Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
    """

    def __init__(self, width: int, *, eps: float = 1e-6) -> None:
        super().__init__()
        check_sizes("RMSNorm", width=width)
        check_room("RMSNorm", width)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        exact = wide(x)
        return self.weight * (exact * torch.rsqrt(exact.square().mean(-1, keepdim=True) + self.eps)).to(x.dtype)


class LayerNorm2d(LayerNorm):
    """Layer normalisation of a map whose channels are second: each place over its channels.

    Shapes: (n, width, height, width of the map) → (n, width, height, width of the map)

    Formula: y = (x − mean) / √(var + eps) · weight + bias, with mean and variance over the channels of a place

    As ConvNeXt's stem has it: Liu et al., "A ConvNet for the 2020s" (2022).
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        last = x.permute(0, 2, 3, 1)
        return functional.layer_norm(last, self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)

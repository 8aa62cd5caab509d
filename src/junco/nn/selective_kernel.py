"""Paths of several kernels, of which each picture takes what it needs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from junco.errors import ParameterError
from junco.nn.convolution import Activation, activated
from junco.nn.parts import Norm, check_room, check_sizes, made


class SelectiveKernel(nn.Module):
    """Several convolutions of one input, mixed channel by channel.

    Shapes: (n, width, h, w) → (n, out_width, h′, w′)

    Formula: uᵢ = pathᵢ(x); z = activation(norm(W mean(Σ uᵢ))); y = Σ uᵢ · softmaxᵢ(Vᵢ z)

    Li et al., "Selective Kernel Networks" (2019).

    Args:
        out_width: channels that each path gives.
        inner_width: of how many numbers the choice is made.
        paths: the convolutions, as `ConvNormActivation` with dilation 1 and 2, whose kernels reach 3 and 5 pixels.
        split: whether each path takes its share of the channels instead of all of them.
        norm: what makes the normalisation of ``inner_width``.
        activation: what makes the activation of the same.
    """

    def __init__(
        self,
        out_width: int,
        inner_width: int,
        paths: Sequence[nn.Module],
        *,
        split: bool = False,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, out_width=out_width, inner_width=inner_width)
        if len(paths) < 2:
            raise ParameterError(f"{type(self).__name__}: {len(paths)} paths leave nothing to select: give 2 or more")
        check_room(type(self).__name__, len(paths) * out_width, inner_width)
        self.paths = nn.ModuleList(paths)
        self.split = split
        self.squeeze = nn.Conv2d(out_width, inner_width, 1, bias=False)
        self.norm = made(norm, inner_width)
        self.activation = activated(activation)
        self.select = nn.Conv2d(inner_width, len(paths) * out_width, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        given = x.chunk(len(self.paths), dim=1) if self.split else [x] * len(self.paths)
        seen = torch.stack([path(each) for path, each in zip(self.paths, given, strict=True)], dim=1)
        squeezed = self.activation(self.norm(self.squeeze(seen.sum(dim=1).mean((2, 3), keepdim=True))))
        shares = torch.unflatten(self.select(squeezed), 1, (len(self.paths), -1)).softmax(dim=1)
        return (seen * shares).sum(dim=1)

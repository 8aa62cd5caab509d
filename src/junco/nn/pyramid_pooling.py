"""A feature map seen at several scales at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn

from junco.nn.convolution import Activation, ConvNormActivation
from junco.nn.parts import Norm, Part, check_sizes, part


class AtrousSpatialPyramidPooling(nn.Module):
    """Atrous spatial pyramid pooling (ASPP): one map, seen at several distances.

    Shapes: (n, width, h, w) → (n, out_width, h, w)

    Formula: y = conv₁ₓ₁(concat(conv₁ₓ₁(x), conv₃ₓ₃ for each dilation (x), conv₁ₓ₁(mean(x)))); the mean's stands
    everywhere alike

    Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation" (2017).

    Args:
        width: channels that come in.
        out_width: channels of each branch, and that go out.
        dilations: of the 3×3 convolutions.
        norm: what makes normalisations.
        activation: what makes activations.
        dropout: what leaves numbers out in training, at the end.
    """

    def __init__(
        self,
        width: int,
        out_width: int = 256,
        dilations: Sequence[int] = (12, 24, 36),
        *,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU,
        dropout: Part = None,
    ) -> None:
        super().__init__()
        block = partial(ConvNormActivation, norm=norm, activation=activation)
        self.branches = nn.ModuleList(
            (block(width, out_width), *(block(width, out_width, 3, dilation=each) for each in dilations))
        )
        self.whole = block(width, out_width)
        self.project = block((len(dilations) + 2) * out_width, out_width)
        self.dropout = part(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        whole = self.whole(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])
        seen = torch.cat([*(branch(x) for branch in self.branches), whole], dim=1)
        result: torch.Tensor = self.dropout(self.project(seen))
        return result


class SpatialPyramidPooling(nn.Module):
    """A vector of one length of maps of any size (SPP).

    Shapes: (n, width, h, w) → (n, width · Σ b²)

    Formula: y = concat over b of the largest number of each channel in each of b × b parts

    Parts overlap by a pixel where b does not divide the side. Scales lie one after the other, each channel by channel.

    He et al., "Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition" (2014).

    Args:
        bins: b of each scale.
    """

    def __init__(self, bins: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_scales=len(bins), **{f"bins[{i}]": each for i, each in enumerate(bins)})
        self.bins = tuple(bins)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([_largest(_largest(x, each, 3), each, 2).flatten(1) for each in self.bins], dim=1)


def _largest(x: torch.Tensor, bins: int, dim: int) -> torch.Tensor:
    """Of each of so many parts of an axis; ONNX has no pooling whose parts may differ in length."""
    ends = [(i * x.shape[dim] // bins, -(-(i + 1) * x.shape[dim] // bins)) for i in range(bins)]
    return torch.cat([x.narrow(dim, start, end - start).amax(dim, keepdim=True) for start, end in ends], dim)

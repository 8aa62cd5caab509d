"""A style decides how feature maps are made: the network that makes styles, and convolutions that obey them."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.nn.equalised import EqualisedLinear
from junco.nn.parts import Part, check_odd, check_room, check_sizes, part

_LEAST = 1e-8
_SLOPE, _GAIN = 0.2, math.sqrt(2)
"""Of the leaky rectifier, and what keeps numbers of unit size behind it."""


class MappingNetwork(nn.Module):
    """Random vectors become styles: scaled to unit size, then through layers that learn slowly.

    Shapes: (n, in) → (n, width)

    Formula: x₀ = x / √(mean x² + ε); xᵢ = √2 · leaky(Wᵢ xᵢ₋₁ + bᵢ)

    Karras, Laine, Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks" (2019).

    Args:
        in_width: of the random vectors.
        width: of the styles and between the layers.
        num_layers: of them.
        rate: how fast they learn beside other layers.
    """

    def __init__(self, in_width: int, width: int, num_layers: int = 8, rate: float = 0.01) -> None:
        super().__init__()
        check_sizes("MappingNetwork", in_width=in_width, width=width, num_layers=num_layers)
        check_room("MappingNetwork", num_layers, width, width)
        widths = [in_width, *[width] * num_layers]
        self.layers = nn.ModuleList(EqualisedLinear(before, after, rate=rate) for before, after in pairwise(widths))

    def forward(self, vectors: Tensor) -> Tensor:
        styles = vectors * (vectors.square().mean(dim=-1, keepdim=True) + _LEAST).rsqrt()
        for layer in self.layers:
            styles = _GAIN * functional.leaky_relu(layer(styles), _SLOPE)
        return styles


class ModulatedConv2d(nn.Module):
    """A convolution whose weights a style scales, and whose outputs are of unit size again afterwards.

    It scales what goes in and what comes out, not the weights of each row: the numbers are the same, and one
    convolution serves any number of rows.

    Shapes: (n, in, height, width), (n, style) → (n, out, height, width)

    Formula: w' = (A z + 1)ᵢ wₒᵢₖ; y = (w' * x) / √(Σᵢₖ w'² + ε) + b

    Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020).

    Args:
        in_channels, out_channels: of the feature maps.
        style_width: of the styles.
        size: of the kernel, an odd number.
        demodulate: whether outputs are divided by the length of their weights.
        resample: what makes feature maps larger or smaller on their way in.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        style_width: int,
        size: int = 3,
        *,
        demodulate: bool = True,
        resample: Part = None,
    ) -> None:
        super().__init__()
        check_sizes("ModulatedConv2d", in_channels=in_channels, out_channels=out_channels)
        check_odd("ModulatedConv2d", size=size)
        check_room("ModulatedConv2d", out_channels, in_channels, size, size)
        self.style = EqualisedLinear(style_width, in_channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, size, size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.resample = part(resample)
        self.scale, self.padding, self.demodulate = 1 / math.sqrt(in_channels * size**2), size // 2, demodulate

    def forward(self, maps: Tensor, style: Tensor) -> Tensor:
        scales: Tensor = self.style(style)
        weight = self.weight * self.scale
        resampled = self.resample(maps * scales[:, :, None, None])
        found = functional.conv2d(resampled, weight, padding=self.padding)
        if self.demodulate:
            squares = scales.square() @ weight.square().sum(dim=(2, 3)).T
            found = found * (squares + _LEAST).rsqrt()[:, :, None, None]
        return found + self.bias[None, :, None, None]


class StyleBlock(nn.Module):
    """Two convolutions that obey a style; the first one may make the feature map larger.

    Shapes: (n, in, height, width), (n, style) → (n, out, height · up, width · up) with a ``resample`` by up

    Formula: y = √2 · leaky(m(√2 · leaky(m(x, z)), z)), with m the modulated convolution

    Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020).

    Args:
        in_channels, out_channels: of the feature maps.
        style_width: of the styles.
        resample: what makes feature maps larger: `Resample`.
    """

    def __init__(self, in_channels: int, out_channels: int, style_width: int, *, resample: Part = None) -> None:
        super().__init__()
        check_sizes("StyleBlock", in_channels=in_channels, out_channels=out_channels, style_width=style_width)
        self.conv1 = ModulatedConv2d(in_channels, out_channels, style_width, resample=resample)
        self.conv2 = ModulatedConv2d(out_channels, out_channels, style_width)

    def forward(self, maps: Tensor, style: Tensor) -> Tensor:
        inner = _GAIN * functional.leaky_relu(self.conv1(maps, style), _SLOPE)
        return _GAIN * functional.leaky_relu(self.conv2(inner, style), _SLOPE)

"""Feature maps grow and shrink without false patterns: each step comes with a filter, and residual blocks go around."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.equalised import EqualisedConv2d
from junco.nn.parts import Norm, check_room, check_sizes, made

TAPS = (1, 3, 3, 1)
"""The filter of StyleGAN2 in each direction."""
Conv = Callable[[int, int, int], nn.Module]
"""What makes a convolution that keeps height and width: of channels in, channels out, and the kernel's size."""


class Resample(nn.Module):
    """Filtered resampling of each channel: zeros go between pixels, a filter smooths, and pixels are left out.

    Shapes: (n, channels, height, width) → (n, channels, height · up / down, width · up / down)

    Formula: y = (h * (x ↑ up)) ↓ down, with h = up² · t tᵀ / (Σt)²

    Zhang, "Making Convolutional Networks Shift-Invariant Again" (2019); Karras et al., "Analyzing and Improving the
    Image Quality of StyleGAN" (2020).

    Args:
        up: so many times as high and wide.
        down: so many times less high and wide; with neither of both it only blurs.
        taps: of the filter in each direction, the same read from either end.
    """

    filter: Tensor

    def __init__(self, *, up: int = 1, down: int = 1, taps: Sequence[float] = TAPS) -> None:
        super().__init__()
        check_sizes("Resample", up=up, down=down)
        if min(up, down) > 1:
            raise ParameterError(f"Resample: up={up} and down={down} are two steps: give each a block of its own")
        if tuple(taps) != tuple(reversed(taps)) or not sum(taps):
            raise ParameterError(f"Resample: taps={taps!r} must be alike from both ends, and their sum not 0")
        if len(taps) < max(up, down):
            raise ParameterError(f"Resample: {len(taps)} taps leave gaps between {max(up, down)} pixels: give as many")
        line = torch.tensor([up * tap / sum(taps) for tap in taps])
        self.register_buffer("filter", torch.outer(line, line), persistent=False)
        self.up, self.down = up, down
        # of the pixels beyond the edge that the filter would see, those after, and those before
        beyond = len(taps) - max(up, down)
        self.after, self.before = beyond // 2, beyond - beyond // 2

    def forward(self, maps: Tensor) -> Tensor:
        channels = maps.shape[1]
        filters = self.filter.expand(channels, 1, -1, -1)
        if self.up == 1:
            padded = functional.pad(maps, (self.before, self.after) * 2)
            return functional.conv2d(padded, filters, stride=self.down, groups=channels)
        larger = functional.conv_transpose2d(maps, filters, stride=self.up, padding=self.after, groups=channels)
        return larger[:, :, :-1, :-1] if self.before > self.after else larger


class _ResamplingBlock(nn.Module):
    _factor: ClassVar[dict[str, int]]
    """By how much the block makes maps larger or smaller."""
    _widens_first: ClassVar[bool]
    """Whether the first convolution gives the channels that go out, or the second."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        conv: Conv = EqualisedConv2d,
        norm: Norm = None,
        activation: Callable[[], nn.Module] = nn.SiLU,
        taps: Sequence[float] = TAPS,
    ) -> None:
        super().__init__()
        owner, inner_channels = type(self).__name__, out_channels if self._widens_first else in_channels
        check_sizes(owner, in_channels=in_channels, out_channels=out_channels)
        check_room(owner, out_channels, in_channels, 3, 3)
        self.resample = Resample(**self._factor, taps=taps)
        self.norm1, self.norm2 = made(norm, in_channels), made(norm, out_channels)
        self.conv1, self.conv2 = conv(in_channels, inner_channels, 3), conv(inner_channels, out_channels, 3)
        self.shortcut = conv(in_channels, out_channels, 1)
        self.activation = activation()


class DownBlock(_ResamplingBlock):
    """A residual block that halves a feature map, as discriminators have it.

    Shapes: (n, in, height, width) → (n, out, height / 2, width / 2)

    Formula: y = (c(↓x) + a(norm(c(↓a(norm(c(x))))))) / √2, with ↓ the filtered halving, c a convolution, a the
    activation

    Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020), which has no normalisation.

    Args:
        in_channels, out_channels: of the feature maps.
        conv: makes the convolutions.
        norm: makes the normalisations.
        activation: makes the activations.
        taps: of the filter.
    """

    _factor, _widens_first = {"down": 2}, False

    def forward(self, maps: Tensor) -> Tensor:
        inner = self.resample(self.activation(self.norm1(self.conv1(maps))))
        branch: Tensor = self.activation(self.norm2(self.conv2(inner)))
        return (self.shortcut(self.resample(maps)) + branch) / math.sqrt(2)  # type: ignore[no-any-return]


class UpBlock(_ResamplingBlock):
    """A residual block that doubles a feature map, as generators have it. Arguments are those of `DownBlock`.

    Shapes: (n, in, height, width) → (n, out, height · 2, width · 2)

    Formula: y = c(↑x) + c(a(norm(c(↑a(norm(x)))))), with ↑ the filtered doubling, c a convolution, a the activation

    Miyato, Koyama, "cGANs with Projection Discriminator" (2018); the filter: Karras et al., 2020.
    """

    _factor, _widens_first = {"up": 2}, True

    def forward(self, maps: Tensor) -> Tensor:
        inner = self.conv1(self.resample(self.activation(self.norm1(maps))))
        branch: Tensor = self.conv2(self.activation(self.norm2(inner)))
        return self.shortcut(self.resample(maps)) + branch  # type: ignore[no-any-return]

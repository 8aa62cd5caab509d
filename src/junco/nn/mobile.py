"""Blocks of networks for phones: what is costly, a wide convolution, is cut into one a channel and one a pixel."""

from __future__ import annotations

import torch
from torch import nn

from junco.errors import ParameterError
from junco.nn.convolution import Activation, ConvNormActivation
from junco.nn.parts import Norm, Part, part


class _Mobile(nn.Module):
    """What the blocks end with: attention, a 1×1 convolution to what goes out, and the sum with what came in."""

    def _end_with(
        self,
        widths: tuple[int, ...],
        residual: bool,
        attention: Part,
        drop_path: Part,
        norm: Norm,
        activation: Activation = None,
    ) -> None:
        width, out_width = widths[0], widths[-1]
        if residual and width != out_width:
            raise ParameterError(
                f"{type(self).__name__}: an input of {width} channels cannot be added to an output of {out_width}: "
                "make them alike, or give residual=False"
            )
        self.attention = part(attention)
        self.project = ConvNormActivation(widths[-2], out_width, norm=norm, activation=activation)
        self.drop_path = part(drop_path)
        self.residual = residual

    def _ended(self, inner: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        branch: torch.Tensor = self.project(self.attention(inner))
        return x + self.drop_path(branch) if self.residual else branch


class DepthwiseSeparable(_Mobile):
    """A convolution a channel, then one a pixel.

    Shapes: (n, width, h, w) → (n, out_width, h′, w′)

    Formula: y = x + drop_path(project(attention(depthwise(x)))), without x where ``residual`` is off

    Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications" (2017); with
    the sum, the first blocks of EfficientNet.

    Args:
        widths: channels that come in and that go out.
        depthwise: the convolution a channel: ``ConvNormActivation(32, 32, 3, groups=32)``.
        residual: whether the input is added, which needs width and size to stay.
        attention: over the channels of the first convolution.
        drop_path: what leaves the branch out at times, in training.
        norm: what makes the normalisation of the second convolution.
        activation: what makes its activation; ``None``: it stays linear.
    """

    def __init__(
        self,
        widths: tuple[int, int],
        depthwise: nn.Module,
        *,
        residual: bool = True,
        attention: Part = None,
        drop_path: Part = None,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = None,
    ) -> None:
        super().__init__()
        self.depthwise = depthwise
        self._end_with(widths, residual, attention, drop_path, norm, activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._ended(self.depthwise(x), x)


class InvertedResidual(_Mobile):
    """A residual block whose middle works on more channels, one by one.

    Shapes: (n, width, h, w) → (n, out_width, h′, w′)

    Formula: y = x + drop_path(project(attention(depthwise(expand(x))))), without x where ``residual`` is off

    ``expand`` and ``project`` are 1×1 convolutions, the second without activation. Sandler et al., "MobileNetV2:
    Inverted Residuals and Linear Bottlenecks" (2018). With `SqueezeExcitation` for attention it is MBConv: Tan et al.,
    "MnasNet: Platform-Aware Neural Architecture Search for Mobile" (2019).

    Args:
        widths: channels that come in, of the middle, and that go out.
        depthwise: the convolution a channel: ``ConvNormActivation(96, 96, 3, groups=96)``, or a `MixedConvolution`.
        residual: whether the input is added, which needs width and size to stay.
        attention: over the channels of the middle.
        drop_path: what leaves the branch out at times, in training.
        norm: what makes normalisations.
        activation: what makes the first convolution's activation.
    """

    def __init__(
        self,
        widths: tuple[int, int, int],
        depthwise: nn.Module,
        *,
        residual: bool = True,
        attention: Part = None,
        drop_path: Part = None,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU6,
    ) -> None:
        super().__init__()
        self.expand = ConvNormActivation(*widths[:2], norm=norm, activation=activation)
        self.depthwise = depthwise
        self._end_with(widths, residual, attention, drop_path, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._ended(self.depthwise(self.expand(x)), x)


class FusedInvertedResidual(_Mobile):
    """An inverted residual with its first two convolutions in one.

    Shapes: (n, width, h, w) → (n, out_width, h′, w′)

    Formula: y = x + drop_path(project(attention(expand(x)))), without x where ``residual`` is off

    Fused-MBConv; Tan and Le, "EfficientNetV2: Smaller Models and Faster Training" (2021).

    Args:
        widths: channels that come in, of the middle, and that go out.
        expand: the convolution to the middle's channels: ``ConvNormActivation(24, 96, 3, activation=nn.SiLU)``.
        residual: whether the input is added, which needs width and size to stay.
        attention: over the channels of the middle.
        drop_path: what leaves the branch out at times, in training.
        norm: what makes the normalisation of the second convolution.
    """

    def __init__(
        self,
        widths: tuple[int, int, int],
        expand: nn.Module,
        *,
        residual: bool = True,
        attention: Part = None,
        drop_path: Part = None,
        norm: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        self.expand = expand
        self._end_with(widths, residual, attention, drop_path, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._ended(self.expand(x), x)

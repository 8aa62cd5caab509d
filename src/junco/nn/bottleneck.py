"""Residual blocks of the ResNet family: what they do between their 1×1 convolutions is given to them."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from junco.nn.convolution import Activation, ConvNormActivation, activated
from junco.nn.parts import Norm, Part, check_sizes, part


class _Residual(nn.Module):
    """What closes a branch of convolutions: attention, a path around both, an activation of their sum."""

    def _close_with(self, attention: Part, shortcut: Part, drop_path: Part, activation: Activation) -> None:
        self.attention = part(attention)
        self.drop_path = part(drop_path)
        self.shortcut = part(shortcut)
        self.activation = activated(activation)

    def _closed(self, branch: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.activation(self.drop_path(self.attention(branch)) + self.shortcut(x))
        return result


class Bottleneck(_Residual):
    """A residual block whose middle works on fewer channels.

    Shapes: (n, width, h, w) → (n, out_width, h′, w′)

    Formula: y = activation(shortcut(x) + drop_path(attention(expand(middle(reduce(x))))))

    ``reduce`` and ``expand`` are 1×1 convolutions, each with its normalisation. The middle makes it the block of

    - ResNet: ``ConvNormActivation(64, 64, 3)``; He et al., "Deep Residual Learning for Image Recognition" (2016);
    - ResNeXt: the same with groups; Xie et al., "Aggregated Residual Transformations for Deep Neural Networks" (2017);
    - SK-Net: `SelectiveKernel`;
    - an anti-aliased network: a convolution of stride 1 and `BlurPool`, in a ``nn.Sequential``.

    With `SqueezeExcitation` or `EfficientChannelAttention` for attention it is that of SE- and ECA-Net, and with
    `AveragedShortcut` for a shortcut that of ResNet-D.

    Args:
        widths: channels that come in, of the middle, and that go out.
        middle: what the block does on few channels; where it has a stride, the shortcut has it too.
        attention: over the channels that go out.
        shortcut: what makes the input fit the output; needed where width or size change.
        drop_path: what leaves the branch out at times, in training.
        norm: what makes normalisations.
        activation: what makes activations.
    """

    def __init__(
        self,
        widths: tuple[int, int, int],
        middle: nn.Module,
        *,
        attention: Part = None,
        shortcut: Part = None,
        drop_path: Part = None,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        width, middle_width, out_width = widths
        self.reduce = ConvNormActivation(width, middle_width, norm=norm, activation=activation)
        self.middle = middle
        self.expand = ConvNormActivation(middle_width, out_width, norm=norm, activation=None)
        self._close_with(attention, shortcut, drop_path, activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._closed(self.expand(self.middle(self.reduce(x))), x)


class BasicBlock(_Residual):
    """A residual block of two convolutions.

    Shapes: (n, width, h, w) → (n, out_width, h′, w′)

    Formula: y = activation(shortcut(x) + drop_path(attention(second(first(x)))))

    He et al., "Deep Residual Learning for Image Recognition" (2016).

    Args:
        widths: channels that come out of the first convolution, and of the second.
        first: the first convolution with all that belongs to it; where it has a stride, the shortcut has it too.
        attention: over the channels that go out.
        shortcut: what makes the input fit the output; needed where width or size change.
        drop_path: what leaves the branch out at times, in training.
        norm: what makes the second convolution's normalisation.
        activation: what makes the activation of the sum.
    """

    def __init__(
        self,
        widths: tuple[int, int],
        first: nn.Module,
        *,
        attention: Part = None,
        shortcut: Part = None,
        drop_path: Part = None,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU,
    ) -> None:
        super().__init__()
        self.first = first
        self.second = ConvNormActivation(*widths, 3, norm=norm, activation=None)
        self._close_with(attention, shortcut, drop_path, activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._closed(self.second(self.first(x)), x)


class AveragedShortcut(nn.Module):
    """ResNet-D's shortcut, in which no pixel is passed over.

    Shapes: (n, width, h, w) → (n, out_width, ⌈h/s⌉, ⌈w/s⌉)

    Formula: y = norm(conv₁ₓ₁(mean over 2×2 pixels, every s-th)); at an edge the mean is of the pixels that there are

    He et al., "Bag of Tricks for Image Classification with Convolutional Neural Networks" (2019).

    Args:
        width: channels that come in.
        out_width: channels that go out.
        stride: pixels between two means; at 1 there is no mean.
        norm: what makes the normalisation.
    """

    def __init__(self, width: int, out_width: int, stride: int = 2, *, norm: Norm = nn.BatchNorm2d) -> None:
        super().__init__()
        check_sizes(type(self).__name__, stride=stride)
        pool = nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False) if stride > 1 else None
        self.pool = part(pool)
        self.conv = ConvNormActivation(width, out_width, norm=norm, activation=None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.conv(self.pool(x))
        return result


class DeepStem(nn.Sequential):
    """ResNet-D's first layers, three 3×3 convolutions: they see as far as one of 7×7, with a bend between.

    Shapes: (n, 3, h, w) → (n, out_width, ⌈h/2⌉, ⌈w/2⌉)

    Formula: y = c₃(c₂(c₁(x))), each with its normalisation and activation; the first has stride 2

    He et al., "Bag of Tricks for Image Classification with Convolutional Neural Networks" (2019).

    Args:
        widths: channels that come in and that come out of each convolution: as many convolutions as steps.
        norm: what makes normalisations.
        activation: what makes activations.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (3, 32, 32, 64),
        *,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU,
    ) -> None:
        steps = enumerate(pairwise(widths))
        super().__init__(
            *(ConvNormActivation(*each, 3, stride=1 if i else 2, norm=norm, activation=activation) for i, each in steps)
        )

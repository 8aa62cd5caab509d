"""Convolutions that keep the size, and what usually stands around one: normalisation and activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from junco.nn.parts import Norm, check_divides, check_room, check_sizes, made

Activation = Callable[[], nn.Module] | None
"""What makes an activation; nothing in its place."""
Kernel = int | tuple[int, int]


class ConvCentred(nn.Conv2d):
    """Convolution with as many zeros on one side as on the other.

    Shapes: (n, width, h, w) → (n, out_width, ⌈h/s⌉, ⌈w/s⌉)

    Formula: y = W * x + b, with d (k − 1) / 2 zeros on each side for an odd kernel k and dilation d

    Dumoulin and Visin, "A Guide to Convolution Arithmetic for Deep Learning" (2016).

    Args:
        width: channels that come in.
        out_width: channels that go out.
        kernel: side of the kernel, or height and width.
        stride: pixels between two places of the kernel.
        dilation: pixels between two of the kernel's numbers.
        groups: into how many parts the channels are cut, each convolved by itself; ``width``: one a channel.
        bias: whether a number is added to each channel; not where a normalisation follows.
    """

    def __init__(
        self,
        width: int,
        out_width: int,
        kernel: Kernel = 1,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> None:
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        owner = type(self).__name__
        check_sizes(owner, kernel=kernel[0], kernel_width=kernel[1], stride=stride, dilation=dilation)
        check_divides(owner, width, groups, "groups")
        check_divides(owner, out_width, groups, "groups")
        check_room(owner, out_width, width // groups, *kernel)
        padding = (dilation * (kernel[0] - 1) // 2, dilation * (kernel[1] - 1) // 2)
        super().__init__(width, out_width, kernel, stride, padding, dilation, groups, bias)


class ConvSame(ConvCentred):
    """Convolution with TensorFlow's padding ``SAME``. Arguments are those of `ConvCentred`.

    Shapes: (n, width, h, w) → (n, out_width, ⌈h/s⌉, ⌈w/s⌉)

    Formula: y = W * x + b, with max((⌈l/s⌉ − 1) s + d (k − 1) + 1 − l, 0) zeros along an axis of length l, the odd one
    behind

    At stride 1 and with an odd kernel that is `ConvCentred`; at stride 2 the zeros lie elsewhere, and weights that were
    trained with the one give other numbers with the other.

    Abadi et al., "TensorFlow: A System for Large-Scale Machine Learning" (2016).
    """

    def __init__(self, width: int, out_width: int, kernel: Kernel = 1, **more: Any) -> None:
        super().__init__(width, out_width, kernel, **more)
        self._spans = tuple(d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True))
        self._is_centred = self.stride == (1, 1) and not any(span % 2 for span in self._spans)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name for it
        if self._is_centred:
            return super().forward(input)
        height, width = map(_zeros, input.shape[2:], self.stride, self._spans)
        padded = functional.pad(input, (width // 2, width - width // 2, height // 2, height - height // 2))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class ConvNormActivation(nn.Module):
    """A convolution, its normalisation and its activation.

    Shapes: (n, width, h, w) → (n, out_width, ⌈h/s⌉, ⌈w/s⌉)

    Formula: y = activation(norm(conv(x)))

    Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training" (2015).

    Args:
        width: channels that come in.
        out_width: channels that go out.
        kernel: side of the kernel, or height and width.
        conv: what makes the convolution of these three and ``sizes``.
        norm: what makes the normalisation of ``out_width``.
        activation: what makes the activation.
        sizes: stride, dilation and groups, for ``conv``.
    """

    def __init__(
        self,
        width: int,
        out_width: int,
        kernel: Kernel = 1,
        *,
        conv: Callable[..., nn.Module] = ConvCentred,
        norm: Norm = nn.BatchNorm2d,
        activation: Activation = nn.ReLU,
        **sizes: int,
    ) -> None:
        super().__init__()
        self.conv = conv(width, out_width, kernel, **sizes)
        self.norm = made(norm, out_width)
        self.activation = activated(activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.activation(self.norm(self.conv(x)))
        return result


def activated(activation: Activation) -> nn.Module:
    """An activation; what changes nothing where there is none."""
    return nn.Identity() if activation is None else activation()


def _zeros(length: int, stride: int, span: int) -> int:
    """How many zeros an axis needs, so that the kernel has a place for each stride that begins in it."""
    return max((-(-length // stride) - 1) * stride + span + 1 - length, 0)

"""What each token goes through by itself between two attentions: plain, gated, and with a look at its neighbours."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from junco.nn.mixing import DepthwiseMixing
from junco.nn.parts import Norm, check_room, check_sizes, made


class MLP(nn.Module):
    """Two linear maps with an activation between them.

    Shapes: (…, width) → (…, width)

    Formula: y = out(norm(activation(hidden(x))))

    Vaswani et al., "Attention Is All You Need" (2017).

    Args:
        width: of what comes in, and goes out.
        hidden: numbers between the two maps, often four times the width.
        activation: makes it.
        norm: makes a normalisation of what the activation gives.
        bias: whether the maps add one.
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        *,
        activation: Callable[[], nn.Module] = nn.GELU,
        norm: Norm = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes("MLP", width=width, hidden=hidden)
        check_room("MLP", width, hidden)
        self.hidden = nn.Linear(width, hidden, bias=bias)
        self.activation = activation()
        self.norm = made(norm, hidden)
        self.out = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.activation(self.hidden(x)))
        return self.out(x)  # type: ignore[no-any-return]


class GatedMLP(nn.Module):
    """A gated MLP (with SiLU: SwiGLU; with GELU: GeGLU): one map opens and closes the numbers of another.

    Shapes: (…, width) → (…, width)

    Formula: y = out(norm(activation(gate(x)) · hidden(x)))

    Shazeer, "GLU Variants Improve Transformer" (2020).

    Args:
        width: of what comes in, and goes out.
        hidden: numbers of the gate, often 8/3 of the width.
        activation: makes that of the gate.
        norm: makes a normalisation of what came through the gate.
        bias: whether the maps add one.
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        *,
        activation: Callable[[], nn.Module] = nn.SiLU,
        norm: Norm = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_sizes("GatedMLP", width=width, hidden=hidden)
        check_room("GatedMLP", width, hidden)
        self.gate = nn.Linear(width, hidden, bias=bias)
        self.hidden = nn.Linear(width, hidden, bias=bias)
        self.activation = activation()
        self.norm = made(norm, hidden)
        self.out = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.activation(self.gate(x)) * self.hidden(x))
        return self.out(x)  # type: ignore[no-any-return]


class ConvMLP(nn.Module):
    """An MLP whose hidden numbers are mixed with those of neighbouring places by a depthwise convolution.

    Shapes: (n, height, width, channels) → (n, height, width, channels)

    Formula: y = out(activation(mix(hidden(x))))

    Wang et al., "PVT v2: Improved Baselines with Pyramid Vision Transformer" (2022).

    Args:
        width: channels of what comes in, and goes out.
        hidden: channels between the two maps.
        kernel_size: side of the neighbourhood, an odd number.
        activation: makes it.
    """

    def __init__(
        self, width: int, hidden: int, *, kernel_size: int = 3, activation: Callable[[], nn.Module] = nn.GELU
    ) -> None:
        super().__init__()
        check_sizes("ConvMLP", width=width, hidden=hidden, kernel_size=kernel_size)
        check_room("ConvMLP", width, hidden)
        self.hidden = nn.Linear(width, hidden)
        self.mix = DepthwiseMixing(hidden, kernel_size)
        self.activation = activation()
        self.out = nn.Linear(hidden, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.activation(self.mix(self.hidden(x)))
        return self.out(x)  # type: ignore[no-any-return]

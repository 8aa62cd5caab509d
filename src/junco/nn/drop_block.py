"""DropBlock: what is left out in training is whole squares."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.parts import check_odd


class DropBlock(nn.Module):
    """In training squares of each channel are set to 0, and the rest is scaled up.

    Shapes: (n, width, h, w) → (n, width, h, w)

    Formula: y = x · kept · size(kept) / Σ kept, where squares around centres are not kept, of which each place
    is one with the chance γ = p h w / (b² (h − b + 1)(w − b + 1))

    Centres are drawn where the square lies within the channel, so that a share of about p is left out.

    Ghiasi, Lin and Le, "DropBlock: A regularization method for convolutional networks" (2018).

    Args:
        rate: p, the share that is left out, from 0 up to but not with 1.
        side: b, an odd number of pixels; smaller channels take the largest odd one that fits.
    """

    def __init__(self, rate: float = 0.1, side: int = 7) -> None:
        super().__init__()
        check_odd(type(self).__name__, side=side)
        if not 0 <= rate < 1:
            raise ParameterError(f"{type(self).__name__}: rate={rate!r} must be a share from 0 up to but not with 1")
        self.rate = rate
        self.side = side

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0:
            return x
        *rows, height, width = x.shape
        side = min(self.side, height - 1 + height % 2, width - 1 + width % 2)
        centres = (height - side + 1, width - side + 1)
        chance = self.rate * height * width / (side**2 * centres[0] * centres[1])
        drawn = torch.empty((*rows, *centres), dtype=x.dtype, device=x.device).bernoulli_(min(chance, 1.0))
        squares = functional.max_pool2d(functional.pad(drawn, (side // 2,) * 4), side, stride=1, padding=side // 2)
        kept = 1 - squares
        return x * kept * (kept.numel() / (kept.sum() + 1e-6))

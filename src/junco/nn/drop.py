"""What the end of a residual branch goes through: a scale of each number, and being left out at times in training."""

from __future__ import annotations

import torch
from torch import nn

from junco.errors import ParameterError
from junco.nn.parts import check_room


class LayerScale(nn.Module):
    """Layer scale: each number of the width times a learned factor, which begins small.

    Shapes: (…, width) → (…, width)

    Formula: y = x · weight

    Touvron et al., "Going deeper with Image Transformers" (2021).
    """

    def __init__(self, width: int, initial: float = 1e-5) -> None:
        super().__init__()
        check_room("LayerScale", width)
        self.weight = nn.Parameter(torch.full((width,), float(initial)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


class DropPath(nn.Module):
    """Stochastic depth: in training a branch is left out for some rows, and the others grow to make up for it.

    Shapes: (n, …) → (n, …)

    Formula: in training y = x / (1 − rate) or 0, drawn for each row; else y = x

    Huang et al., "Deep Networks with Stochastic Depth" (2016).
    """

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ParameterError(f"DropPath: rate={rate!r} must be at least 0 and below 1")
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.rate:
            return x
        kept = torch.empty(x.shape[:1] + (1,) * (x.dim() - 1), dtype=x.dtype, device=x.device).bernoulli_(1 - self.rate)
        return x * kept / (1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"

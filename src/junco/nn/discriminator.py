"""What a discriminator has besides: it sees how much the rows of a batch differ."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEAST = 1e-8


class MinibatchStd(nn.Module):
    """How much the rows of a batch differ goes to each of them as one more channel, so that a generator must vary.

    Shapes: (n, channels, height, width) → (n, channels + 1, height, width)

    Formula: s = mean over channels and positions of √(var over rows + ε); y = [x, s]

    Karras et al., "Progressive Growing of GANs" (2018).
    """

    def forward(self, maps: Tensor) -> Tensor:
        from_mean = maps - maps.mean(dim=0, keepdim=True)
        spread = (from_mean.square().mean(dim=0) + _LEAST).sqrt().mean()
        return torch.cat([maps, spread.expand_as(maps[:, :1])], dim=1)

"""Branches of one input, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from junco.nn.parts import check_sizes


class Branches(nn.Module):
    """What several modules make of one input, channels after channels; Inception's modules are made of them.

    Shapes: (n, width, h, w) → (n, Σ widths, h′, w′)

    Formula: y = concat(branch₁(x), branch₂(x), …); all give maps of one size

    Szegedy et al., "Going Deeper with Convolutions" (2015).

    Args:
        branches: the modules.
    """

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_branches=len(branches))
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)

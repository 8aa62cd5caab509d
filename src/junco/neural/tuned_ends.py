"""What stands behind a network in one graph with it: a trained head, and what is made of the numbers before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.runtime.source import Source

if TYPE_CHECKING:
    import torch


def headed(module: Any, weight: npt.NDArray[Any]) -> torch.nn.Module:
    """A module with a linear map behind it: arrays → (n, dim) of what ``module`` gives (n, numbers)."""
    import torch

    class Headed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.head = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
            self.head.weight = torch.nn.Parameter(torch.from_numpy(weight.astype(np.float32)), requires_grad=False)

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.head(self.module(*arrays))
            return found

    return Headed().eval()


def scaled_and_cut(source: Source, *, is_scaled: bool, most: int | None) -> Source:
    """A source whose vectors are scaled to length 1, and then cut to their leading numbers.

    Args:
        source: with a torch module.
        is_scaled: scale them.
        most: how many numbers are kept; ``None``: all.
    """
    build = source.build
    if build is None or not (is_scaled or most is not None):
        return source
    ends = f"{', length 1' if is_scaled else ''}{f', the first {most}' if most is not None else ''}"
    return replace(source, build=lambda: _ended(build(), is_scaled, most), recipe=f"{source.recipe}{ends}")


def _ended(module: torch.nn.Module, is_scaled: bool, most: int | None) -> torch.nn.Module:
    import torch

    class Ended(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.module(*arrays)
            return (torch.nn.functional.normalize(found, dim=1) if is_scaled else found)[:, :most]

    return Ended().eval()

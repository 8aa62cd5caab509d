"""What an operator makes of its network's numbers before a head takes them, in one graph with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from junco.runtime.source import Source

if TYPE_CHECKING:
    import torch


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

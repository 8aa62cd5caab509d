"""What tells tokens where they are: learned or by waves, of each place or of each pair of places."""

from __future__ import annotations

import math

import torch
from torch import nn

from junco.errors import ParameterError
from junco.nn.grids import angles, places, resized
from junco.nn.parts import check_counts, check_divides, check_room, check_sizes, two


class LearnedPositions(nn.Module):
    """A learned vector for each place, added to its token.

    Shapes: (n, prefix + places, width) → (n, prefix + places, width)

    Formula: yᵢ = xᵢ + tableᵢ; tokens that stand before those that have a vector stay as they are

    Dosovitskiy et al., "An Image is Worth 16x16 Words" (2020).

    Args:
        width: of the tokens.
        grid: how many places there are along each axis.
        num_prefix: tokens before those of the grid (a class token) that have a vector too.
    """

    def __init__(self, width: int, grid: tuple[int, ...], *, num_prefix: int = 0) -> None:
        super().__init__()
        check_counts("LearnedPositions", num_prefix=num_prefix)
        check_sizes("LearnedPositions", width=width, **{f"size {i}": size for i, size in enumerate(grid, 1)})
        self.grid = grid
        check_room("LearnedPositions", num_prefix + math.prod(grid), width)
        self.table = nn.Parameter(0.02 * torch.randn(1, num_prefix + math.prod(grid), width))

    def forward(self, tokens: torch.Tensor, grid: tuple[int, int] | None = None) -> torch.Tensor:
        """With their places; of a plane of another height and width, ``grid``, vectors are resized."""
        table: torch.Tensor = self.table
        if grid is not None and grid != self.grid:
            table = resized(table, (self.grid[0], self.grid[1]), grid)
        return _placed("LearnedPositions", tokens, table)


class SinCosPositions(nn.Module):
    """A fixed vector of sines and cosines for each place of a line, a plane or a room, added to its token.

    Shapes: (n, prefix + places, width) → (n, prefix + places, width)

    Formula: y = x + [sin t₁, sin t₂, …, cos t₁, cos t₂, …], where tₐ are the angles of axis a:
    of a place p, p / slowest^(i / bands)

    Vaswani et al., "Attention Is All You Need" (2017).

    Args:
        width: of the tokens; twice the number of axes divides it.
        grid: how many places there are along each axis.
        slowest: length of the slowest wave, in radians.
    """

    table: torch.Tensor

    def __init__(self, width: int, grid: tuple[int, ...], *, slowest: float = 10_000.0) -> None:
        super().__init__()
        check_divides("SinCosPositions", width, 2 * len(grid), "2 · axes")
        check_room("SinCosPositions", *grid, width)
        turned = angles(places(grid), width // (2 * len(grid)), slowest)
        self.register_buffer("table", torch.cat([turned.sin(), turned.cos()], -1)[None], persistent=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return _placed("SinCosPositions", tokens, self.table.to(tokens.dtype))


class RelativePositionBias(nn.Module):
    """A learned number for each step from one place of a window to another, and each head.

    Shapes: nothing → (heads, area, area), which attention adds to the products of queries and keys

    Formula: yₕ,ᵢ,ⱼ = tableₕ[place i − place j]

    Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows" (2021).

    Args:
        num_heads: of the attention.
        window: its height and width; one number for both.
    """

    index: torch.Tensor

    def __init__(self, num_heads: int, window: int | tuple[int, int]) -> None:
        super().__init__()
        window = two(window)
        check_sizes("RelativePositionBias", num_heads=num_heads, height=window[0], width=window[1])
        check_room("RelativePositionBias", *window, *window)
        check_room("RelativePositionBias", num_steps(window), num_heads)
        self.table = nn.Parameter(0.02 * torch.randn(num_steps(window), num_heads))
        self.register_buffer("index", steps(window), persistent=False)

    def forward(self) -> torch.Tensor:
        return self.table[self.index].permute(2, 0, 1)


class LogSpacedBias(nn.Module):
    """A number for each step from one place of a window to another, and each head, which a small network makes of it.

    Shapes: nothing → (heads, area, area), which attention adds to the products of queries and keys

    Formula: y = 16 · sigmoid(network(log(step))), which carries over to other windows

    Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution" (2021).

    Args:
        num_heads: of the attention.
        window: its height and width; one number for both.
        trained_window: those for which the network was trained, where they are others.
        hidden: numbers within the network.
    """

    steps: torch.Tensor
    index: torch.Tensor

    def __init__(
        self,
        num_heads: int,
        window: int | tuple[int, int],
        *,
        trained_window: int | tuple[int, int] | None = None,
        hidden: int = 512,
    ) -> None:
        super().__init__()
        window = two(window)
        trained = window if trained_window is None else two(trained_window)
        check_sizes("LogSpacedBias", num_heads=num_heads, height=window[0], width=window[1], hidden=hidden)
        check_room("LogSpacedBias", *window, *window)
        check_room("LogSpacedBias", hidden, num_heads)
        self.network = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, num_heads, bias=False))
        farthest = torch.tensor([max(size - 1, 1) for size in trained])
        middle = torch.tensor([size - 1 for size in window])
        step = 8 * (places((2 * window[0] - 1, 2 * window[1] - 1)) - middle) / farthest
        self.register_buffer("steps", step.sign() * (step.abs() + 1).log2() / 3, persistent=False)
        self.register_buffer("index", steps(window), persistent=False)

    def forward(self) -> torch.Tensor:
        table: torch.Tensor = self.network(self.steps.to(next(self.network.parameters()).dtype))
        return 16 * table[self.index].permute(2, 0, 1).sigmoid()


def _placed(owner: str, tokens: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Tokens with the vectors of their places; those that stand before the first place stay as they are."""
    num_before = tokens.shape[1] - table.shape[1]
    if num_before < 0:
        raise ParameterError(f"{owner}: {tokens.shape[1]} tokens are fewer than the {table.shape[1]} that have a place")
    if num_before == 0:
        return tokens + table
    return torch.cat([tokens[:, :num_before], tokens[:, num_before:] + table], 1)


def num_steps(window: tuple[int, int]) -> int:
    """How many steps there are from one place of a window to another."""
    return (2 * window[0] - 1) * (2 * window[1] - 1)


def steps(window: tuple[int, int]) -> torch.Tensor:
    """Which step leads to each place (rows) from each (columns): (area, area), numbers below :func:`num_steps`."""
    where = places(window).long()
    step = where[:, None] - where[None]
    return (step[..., 0] + window[0] - 1) * (2 * window[1] - 1) + step[..., 1] + window[1] - 1

"""Queries and keys turned by their places, so that their product tells the step between them."""

from __future__ import annotations

import torch
from torch import nn

from junco.nn.grids import angles, places
from junco.nn.parts import check_divides, check_room


class Rotary(nn.Module):
    """Rotary positions: pairs of a head's numbers are turned, by angles that grow with the place.

    Shapes: (n, heads, tokens, d) → (n, heads, tokens, d)

    Formula: (a, b) → (a · cos t − b · sin t, b · cos t + a · sin t) of a pair at an angle t; of a place p angles are
    p / slowest^(i / bands)

    Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding" (2021); of a plane: Fang et al., "EVA-02"
    (2023).

    Args:
        head_width: d; twice the number of axes divides it.
        grid: how many places there are along each axis; ``None``: a line of any length.
        trained_grid: those for which the network was trained: places are spread over it.
        halves: whether a pair is a number of the first half and one of the second (Llama), or two neighbours (EVA-02).
        num_prefix: tokens before those of the grid (a class token), which are not turned.
        slowest: length of the slowest wave, in radians.
    """

    places: torch.Tensor | None

    def __init__(
        self,
        head_width: int,
        *,
        grid: tuple[int, ...] | None = None,
        trained_grid: tuple[int, ...] | None = None,
        halves: bool = True,
        num_prefix: int = 0,
        slowest: float = 10_000.0,
    ) -> None:
        super().__init__()
        self.num_axes = 1 if grid is None else len(grid)
        check_divides("Rotary", head_width, 2 * self.num_axes, "2 · axes")
        check_room("Rotary", *(grid or ()), head_width)
        self.num_bands = head_width // (2 * self.num_axes)
        self.halves, self.num_prefix, self.slowest = halves, num_prefix, slowest
        where = None
        if grid is not None:
            ratio = [want / have for want, have in zip(trained_grid or grid, grid, strict=True)]
            where = places(grid) * torch.tensor(ratio)
        self.register_buffer("places", where, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.num_prefix:
            prefix, rest = x[:, :, : self.num_prefix], x[:, :, self.num_prefix :]
            return torch.cat([prefix, self._turned(rest)], 2)
        return self._turned(x)

    def _turned(self, x: torch.Tensor) -> torch.Tensor:
        where = self.places
        if where is None:
            where = torch.arange(x.shape[2], dtype=torch.float32, device=x.device)[:, None]
        angle = angles(where.float(), self.num_bands, self.slowest)
        wide = x.float()
        if self.halves:
            first, second = wide.chunk(2, -1)
        else:
            first, second = wide[..., ::2], wide[..., 1::2]
        sin, cos = angle.sin(), angle.cos()
        turned = (first * cos - second * sin, second * cos + first * sin)
        return (torch.cat(turned, -1) if self.halves else torch.stack(turned, -1).flatten(-2)).to(x.dtype)

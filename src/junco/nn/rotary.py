"""Queries and keys turned by their places, so that their product tells the step between them."""

from __future__ import annotations

import torch
from torch import nn

from junco.errors import ParameterError
from junco.nn.grids import angles, places
from junco.nn.parts import check_counts, check_divides, check_room, wide


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
        check_counts("Rotary", num_prefix=num_prefix)
        check_room("Rotary", *(grid or ()), head_width)
        self.num_bands = head_width // (2 * self.num_axes)
        self.halves, self.num_prefix, self.slowest = halves, num_prefix, slowest
        self.spread = [want / have for want, have in zip(trained_grid or grid or (1,), grid or (1,), strict=True)]
        # whole numbers, which stay exact in a network of half precision
        self.register_buffer("places", None if grid is None else places(grid).long(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.num_prefix:
            prefix, rest = x[:, :, : self.num_prefix], x[:, :, self.num_prefix :]
            return torch.cat([prefix, self._turned(rest)], 2)
        return self._turned(x)

    def _turned(self, x: torch.Tensor) -> torch.Tensor:
        exact = wide(x)
        angle = angles(self._where(exact), self.num_bands, self.slowest)
        first, second = exact.chunk(2, -1) if self.halves else (exact[..., ::2], exact[..., 1::2])
        sin, cos = angle.sin(), angle.cos()
        turned = (first * cos - second * sin, second * cos + first * sin)
        return (torch.cat(turned, -1) if self.halves else torch.stack(turned, -1).flatten(-2)).to(x.dtype)

    def _where(self, x: torch.Tensor) -> torch.Tensor:
        """Of each token the place along each axis: (tokens, axes)."""
        if self.places is None:
            return torch.arange(x.shape[2], dtype=x.dtype, device=x.device)[:, None]
        if x.shape[2] != len(self.places):
            raise ParameterError(f"Rotary: {x.shape[2]} tokens are not the {len(self.places)} places of the grid")
        return torch.stack([self.places[:, axis].to(x.dtype) * step for axis, step in enumerate(self.spread)], -1)

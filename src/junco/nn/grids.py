"""Places on a line, a plane or in a room, the angles of what turns with them, and tables of another size."""

from __future__ import annotations

import math

import torch
from torch.nn import functional


def places(grid: tuple[int, ...]) -> torch.Tensor:
    """The places of a grid in order, the last axis first: (product of sizes, axes), float32."""
    axes = torch.meshgrid(*(torch.arange(size, dtype=torch.float32) for size in grid), indexing="ij")
    return torch.stack([axis.flatten() for axis in axes], -1)


def angles(where: torch.Tensor, num_bands: int, slowest: float) -> torch.Tensor:
    """How far each place has turned, by waves that get slower: (…, axes) → (…, axes · bands)."""
    waves = slowest ** (torch.arange(num_bands, dtype=torch.float32, device=where.device) / num_bands)
    return (where[..., None] / waves).flatten(-2)


def resized(table: torch.Tensor, grid: tuple[int, int], new: tuple[int, int]) -> torch.Tensor:
    """A table of a plane's places for a plane of another size, by bicubic interpolation that is smoothed.

    (n, prefix + height · width, channels) → (n, prefix + new height · new width, channels); what stands before the
    plane's places stays as it is.
    """
    if grid == new:
        return table
    num_prefix = table.shape[1] - math.prod(grid)
    prefix, plane = table[:, :num_prefix], table[:, num_prefix:]
    picture = plane.float().reshape(-1, *grid, plane.shape[-1]).permute(0, 3, 1, 2)
    picture = functional.interpolate(picture, new, mode="bicubic", antialias=True)
    return torch.cat([prefix, picture.flatten(2).transpose(1, 2).to(table.dtype)], 1)

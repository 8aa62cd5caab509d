"""Places on a line, a plane or in a room, the angles of what turns with them, and tables of another size."""

from __future__ import annotations

import math

import torch

from junco.nn.parts import wide


def places(grid: tuple[int, ...]) -> torch.Tensor:
    """The places of a grid in order, the last axis first: (product of sizes, axes), float32."""
    axes = torch.meshgrid(*(torch.arange(size, dtype=torch.float32) for size in grid), indexing="ij")
    return torch.stack([axis.flatten() for axis in axes], -1)


def angles(where: torch.Tensor, num_bands: int, slowest: float) -> torch.Tensor:
    """How far each place has turned, by waves that get slower: (…, axes) → (…, axes · bands)."""
    waves = slowest ** (torch.arange(num_bands, dtype=where.dtype, device=where.device) / num_bands)
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
    picture = wide(plane).reshape(-1, *grid, plane.shape[-1])
    down, right = (_weights(*sizes, picture) for sizes in zip(grid, new, strict=True))
    picture = torch.einsum("ih,jw,nhwc->nijc", down, right, picture)
    return torch.cat([prefix, picture.flatten(1, 2).to(table.dtype)], 1)


def _weights(size: int, new: int, like: torch.Tensor) -> torch.Tensor:
    """How much each place (columns) counts at each of the new ones (rows): cubic, and over more where there are fewer.

    A matrix of constants gives the same numbers in every runtime; their own bicubic interpolations differ.
    """
    scale = size / new
    reach = max(scale, 1.0)
    rows = []
    for i in range(new):
        row = [_cubic(abs(place + 0.5 - scale * (i + 0.5)) / reach) for place in range(size)]
        rows.append([each / sum(row) for each in row])
    return torch.tensor(rows, dtype=like.dtype, device=like.device)


def _cubic(far: float) -> float:
    """Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = −1/2."""
    if far < 1:
        return (1.5 * far - 2.5) * far * far + 1
    return ((-0.5 * far + 2.5) * far - 4) * far + 2 if far < 2 else 0.0

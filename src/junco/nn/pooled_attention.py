"""Attention whose keys and values, and whose queries if wanted, are pooled first: fewer tokens come out."""

from __future__ import annotations

import torch
from torch import nn

from junco.nn.norms import LayerNorm
from junco.nn.parts import Norm, Part, check_divides, check_odd, check_room, check_sizes, made, part


class PooledAttention(nn.Module):
    """Multi-head self-attention of a map whose queries, keys and values are pooled within each head.

    Shapes: (n, height, width, channels) → (n, height / stride, width / stride, channels)

    Formula: y = out(softmax(q · kᵀ / √d + positions) · v + q) for each head, of the pooled q, k and v

    Li et al., "MViTv2: Improved Multiscale Vision Transformers for Classification and Detection" (2022).

    Args:
        width: channels; the heads divide it.
        num_heads: how many attend side by side.
        kernel_size: side of the square over which is pooled, an odd number.
        stride: how many queries along each axis become one.
        context_stride: how many keys and values along each axis become one.
        norm: makes the normalisations of what was pooled, for a head's width.
        positions: gives what is added for each pair, of the pooled queries and the two sizes: (n, heads, height, width,
            d) → (n, heads, places, places of the context), as :class:`SteppedPositions` does.
    """

    def __init__(
        self,
        width: int,
        num_heads: int,
        *,
        kernel_size: int = 3,
        stride: int = 1,
        context_stride: int = 1,
        norm: Norm = LayerNorm,
        positions: Part = None,
    ) -> None:
        super().__init__()
        check_divides("PooledAttention", width, num_heads, "num_heads")
        check_room("PooledAttention", width, 3 * width)
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        head = width // num_heads
        self.query_pool = HeadPool(head, kernel_size, stride, norm=norm)
        self.key_pool = HeadPool(head, kernel_size, context_stride, norm=norm)
        self.value_pool = HeadPool(head, kernel_size, context_stride, norm=norm)
        self.positions = positions
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, height, width, channels = x.shape
        apart = self.qkv(x).reshape(n, height, width, 3, self.num_heads, channels // self.num_heads)
        query, key, value = apart.permute(3, 0, 4, 1, 2, 5).unbind(0)
        query, key, value = self.query_pool(query), self.key_pool(key), self.value_pool(value)
        bias = None if self.positions is None else self.positions(query, key.shape[2:4])
        rows, columns = query.shape[2:4]
        query, key, value = query.flatten(2, 3), key.flatten(2, 3), value.flatten(2, 3)
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=bias) + query
        return self.out(found.transpose(1, 2).reshape(n, rows, columns, channels))  # type: ignore[no-any-return]


class HeadPool(nn.Module):
    """A depthwise convolution of each head's map, the same for all heads, and a normalisation.

    Shapes: (n, heads, height, width, d) → (n, heads, height / stride, width / stride, d)

    Formula: y = norm(conv(x))

    Li et al., "MViTv2: Improved Multiscale Vision Transformers for Classification and Detection" (2022).

    Args:
        width: d, numbers of a head.
        kernel_size: side of the square, an odd number.
        stride: how many places along each axis become one.
        norm: makes the normalisation.
    """

    def __init__(self, width: int, kernel_size: int = 3, stride: int = 1, *, norm: Norm = LayerNorm) -> None:
        super().__init__()
        check_sizes("HeadPool", width=width, stride=stride)
        check_odd("HeadPool", kernel_size=kernel_size)
        check_room("HeadPool", width, kernel_size, kernel_size)
        self.conv = nn.Conv2d(
            width, width, kernel_size, stride=stride, padding=kernel_size // 2, groups=width, bias=False
        )
        self.norm = made(norm, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.conv(x.flatten(0, 1).permute(0, 3, 1, 2))
        apart = pooled.permute(0, 2, 3, 1).reshape(-1, x.shape[1], pooled.shape[2], pooled.shape[3], x.shape[4])
        return self.norm(apart)  # type: ignore[no-any-return]


class SteppedPositions(nn.Module):
    """How well a query fits the step to a key along each axis: a learned vector for each step.

    Shapes: (n, heads, height, width, d), the height and width of the keys' map → (n, heads, height · width, places of
    the keys)

    Formula: y = q · down[step] + q · right[step]

    Li et al., "MViTv2: Improved Multiscale Vision Transformers for Classification and Detection" (2022).

    Args:
        head_width: d, numbers of a head.
        size: side of the larger of the two maps, of queries or keys.
    """

    def __init__(self, head_width: int, size: int) -> None:
        super().__init__()
        check_sizes("SteppedPositions", head_width=head_width, size=size)
        check_room("SteppedPositions", 2 * size, head_width)
        self.down = nn.Parameter(0.02 * torch.randn(2 * size - 1, head_width))
        self.right = nn.Parameter(0.02 * torch.randn(2 * size - 1, head_width))

    def forward(self, query: torch.Tensor, context: tuple[int, int]) -> torch.Tensor:
        height, width = query.shape[2:4]
        down = self.down[_steps(height, context[0], query.device)]
        right = self.right[_steps(width, context[1], query.device)]
        below = torch.einsum("nahwd,hkd->nahwk", query, down)
        beside = torch.einsum("nahwd,wkd->nahwk", query, right)
        return (below[..., None] + beside[..., None, :]).flatten(4).flatten(2, 3)


class PooledShortcut(nn.Module):
    """The largest of each square: the path around an attention that makes fewer tokens.

    Shapes: (n, height, width, channels) → (n, height / stride, width / stride, channels)

    Formula: y = max over squares of stride + 1 places, of which neighbours share an edge

    Li et al., "MViTv2: Improved Multiscale Vision Transformers for Classification and Detection" (2022).

    Args:
        stride: how many places along each axis become one.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        check_sizes("PooledShortcut", stride=stride)
        side = stride + 1 if stride > 1 else 1
        self.pool = part(nn.MaxPool2d(side, stride, side // 2) if stride > 1 else None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # type: ignore[no-any-return]


def _steps(num_queries: int, num_keys: int, device: torch.device) -> torch.Tensor:
    """Which step leads from each query (rows) to each key (columns), in places of the larger map, from 0 up."""
    query = torch.arange(num_queries, device=device)[:, None] * max(num_keys / num_queries, 1.0)
    key = torch.arange(num_keys, device=device)[None] * max(num_queries / num_keys, 1.0)
    return (query - key + (num_keys - 1) * max(num_queries / num_keys, 1.0)).long()

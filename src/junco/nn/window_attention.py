"""Attention within windows of a map, and across their borders by windows that are shifted."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.attention import attend, split_heads
from junco.nn.parts import Part, check_divides, check_room, check_sizes, two

_NOT_TOGETHER = -100.0
_MOST_SCALE = math.log(100.0)


class WindowAttention(nn.Module):
    """Attention of the places of a window to each other; with ``shift``, windows lie across the borders of the others.

    Shapes: (n, height, width, channels) → (n, height, width, channels)

    Formula: y = attention(x) in each window; a map that windows do not divide is padded below and on the right

    A shifted map is turned round its edges, so that all windows stay whole; places that are no neighbours then do not
    see each other: −100 is added to their products.

    Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows" (2021).

    Args:
        attention: of tokens, with ``mask``: :class:`Attention` with a :class:`RelativePositionBias`, or
            :class:`CosineAttention` with a :class:`LogSpacedBias`.
        window: its height and width; one number for both.
        shift: by how much windows lie further down and right, often half of them; none along an axis of one window.
        pad_first: whether the map is padded before it is turned, as torchvision does it, or afterwards, as timm does.
    """

    def __init__(
        self,
        attention: nn.Module,
        *,
        window: int | tuple[int, int],
        shift: int | tuple[int, int] = 0,
        pad_first: bool = False,
    ) -> None:
        super().__init__()
        self.attention = attention
        self.window = two(window)
        self.shift = two(shift)
        self.pad_first = pad_first
        check_sizes("WindowAttention", height=self.window[0], width=self.window[1])
        if any(not 0 <= least < size for least, size in zip(self.shift, self.window, strict=True)):
            raise ParameterError(f"WindowAttention: shift={shift!r} must be from 0 to below window={window!r}")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[1:3]
        rows, columns = -(-height // self.window[0]), -(-width // self.window[1])
        down = self.shift[0] if rows > 1 else 0
        right = self.shift[1] if columns > 1 else 0
        padding = (0, 0, 0, columns * self.window[1] - width, 0, rows * self.window[0] - height)
        shifted = bool(down or right)
        if self.pad_first:
            x = functional.pad(x, padding)
        if shifted:
            x = torch.roll(x, (-down, -right), (1, 2))
        if not self.pad_first:
            x = functional.pad(x, padding)
        x = self._within_windows(x, self._mask(x, down, right) if shifted else None)
        if not self.pad_first:
            x = x[:, :height, :width]
        if shifted:
            x = torch.roll(x, (down, right), (1, 2))
        return x[:, :height, :width]

    def _within_windows(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Of a map that windows divide; ``mask`` is (windows, area, area)."""
        n, height, width, channels = x.shape
        rows, columns = height // self.window[0], width // self.window[1]
        area = self.window[0] * self.window[1]
        apart = x.reshape(n, rows, self.window[0], columns, self.window[1], channels).transpose(2, 3)
        windows = apart.reshape(n * rows * columns, area, channels)
        if mask is not None:
            mask = mask.expand(n, -1, -1, -1).reshape(n * rows * columns, 1, area, area)
        seen: torch.Tensor = self.attention(windows, mask=mask)
        apart = seen.reshape(n, rows, columns, self.window[0], self.window[1], -1).transpose(2, 3)
        return apart.reshape(n, height, width, -1)

    def _mask(self, x: torch.Tensor, down: int, right: int) -> torch.Tensor:
        """(windows, area, area): what is added to the products of places that were brought together by turning."""
        kinds = []
        for size, window, shift in zip(x.shape[1:3], self.window, (down, right), strict=True):
            place = torch.arange(size, device=x.device)
            kinds.append((place >= size - window).int() + (place >= size - shift).int() if shift else 0 * place)
        kind = 3 * kinds[0][:, None] + kinds[1]
        apart = kind.reshape(x.shape[1] // self.window[0], self.window[0], x.shape[2] // self.window[1], self.window[1])
        windows = apart.transpose(1, 2).reshape(-1, self.window[0] * self.window[1])
        return _NOT_TOGETHER * (windows[:, None] != windows[:, :, None]).to(x.dtype)


class CosineAttention(nn.Module):
    """Multi-head self-attention by the angle between queries and keys, whose sharpness is learned.

    Shapes: (n, tokens, width) → (n, tokens, width)

    Formula: y = out(softmax(cos(q, k) · min(exp(scale), 100) + positions + mask) · v) for each head; keys have no bias

    Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution" (2021).

    Args:
        width: of the tokens; the heads divide it.
        num_heads: how many attend side by side.
        positions: gives what is added for each pair of tokens, as :class:`LogSpacedBias` does.
    """

    def __init__(self, width: int, num_heads: int, *, positions: Part = None) -> None:
        super().__init__()
        check_divides("CosineAttention", width, num_heads, "num_heads")
        check_room("CosineAttention", width, 3 * width)
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.query_bias, self.value_bias = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))
        self.scale = nn.Parameter(torch.full((num_heads, 1, 1), math.log(10)))
        self.positions = positions
        self.out = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Of tokens that attend to each other; ``mask`` as :class:`Attention` takes it."""
        bias = torch.cat([self.query_bias, torch.zeros_like(self.query_bias), self.value_bias])
        qkv = functional.linear(tokens, self.qkv.weight, bias)
        query, key, value = split_heads(qkv, 3, self.num_heads)
        query = functional.normalize(query, dim=-1) * self.scale.clamp(max=_MOST_SCALE).exp()
        key = functional.normalize(key, dim=-1)
        found = attend(query, key, value, self.positions, mask, scale=1.0)
        return self.out(found)  # type: ignore[no-any-return]

"""Attention of all tokens to all: to each other, and to those of a context."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from junco.nn.parts import Norm, Part, check_divides, check_room, check_sizes, made, part


class Attention(nn.Module):
    """Multi-head self-attention: each token takes of all, by how well its query fits their keys.

    Shapes: (n, tokens, width) → (n, tokens, width)

    Formula: y = out(softmax(q · kᵀ / √d + positions + mask) · v) for each head, of d numbers

    Vaswani et al., "Attention Is All You Need" (2017).

    Args:
        width: of the tokens; the heads divide it.
        num_heads: how many attend side by side.
        bias: whether queries, keys and values have one.
        out_bias: whether the last map has one.
        qk_norm: makes a normalisation of queries and keys, for a head's width.
        rotary: turns queries and keys by their places: :class:`Rotary`.
        positions: gives what is added for each pair of tokens: (heads, tokens, tokens), as
            :class:`RelativePositionBias` does.
    """

    def __init__(
        self,
        width: int,
        num_heads: int,
        *,
        bias: bool = True,
        out_bias: bool = True,
        qk_norm: Norm = None,
        rotary: Part = None,
        positions: Part = None,
    ) -> None:
        super().__init__()
        check_divides(type(self).__name__, width, num_heads, "num_heads")
        check_room(type(self).__name__, width, 3 * width)
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.query_norm, self.key_norm = made(qk_norm, width // num_heads), made(qk_norm, width // num_heads)
        self.rotary = part(rotary)
        self.positions = positions
        self.out = nn.Linear(width, width, bias=out_bias)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Of tokens that attend to each other.

        ``mask`` is (n, tokens): false where a token is none (padding); or of the shape of (n, heads, tokens, tokens) or
        what spreads to it: false where no token may look, or numbers that are added.
        """
        query, key, value = split_heads(self.qkv(tokens), 3, self.num_heads)
        query, key = self.rotary(self.query_norm(query)), self.rotary(self.key_norm(key))
        found = attend(query, key, value, self.positions, mask)
        return self.out(found)  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    """Multi-head cross-attention: each token takes of those of a context.

    Shapes: (n, tokens, width), (n, others, context width) → (n, tokens, width)

    Formula: y = out(softmax(q · kᵀ / √d + mask) · v) for each head, with q of the tokens, k and v of the context

    Vaswani et al., "Attention Is All You Need" (2017).

    Args:
        width: of the tokens; the heads divide it.
        num_heads: how many attend side by side.
        context_width: of the context's tokens, where it is another.
        bias: whether queries, keys and values have one.
        qk_norm: makes a normalisation of queries and keys, for a head's width.
    """

    def __init__(
        self,
        width: int,
        num_heads: int,
        *,
        context_width: int | None = None,
        bias: bool = True,
        qk_norm: Norm = None,
    ) -> None:
        super().__init__()
        check_divides("CrossAttention", width, num_heads, "num_heads")
        context_width = width if context_width is None else context_width
        check_sizes("CrossAttention", context_width=context_width)
        check_room("CrossAttention", max(width, context_width), 2 * width)
        self.num_heads = num_heads
        self.query = nn.Linear(width, width, bias=bias)
        self.key_value = nn.Linear(context_width, 2 * width, bias=bias)
        self.query_norm, self.key_norm = made(qk_norm, width // num_heads), made(qk_norm, width // num_heads)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor, context: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Of tokens that attend to a context's; ``mask`` as :class:`Attention` takes it, over the context's tokens."""
        (query,) = split_heads(self.query(tokens), 1, self.num_heads)
        key, value = split_heads(self.key_value(context), 2, self.num_heads)
        found = attend(self.query_norm(query), self.key_norm(key), value, None, mask)
        return self.out(found)  # type: ignore[no-any-return]


def split_heads(x: torch.Tensor, num_parts: int, num_heads: int) -> tuple[torch.Tensor, ...]:
    """(n, tokens, parts · heads · d) → for each part (n, heads, tokens, d)."""
    apart = x.reshape(x.shape[0], x.shape[1], num_parts, num_heads, -1)
    return apart.permute(2, 0, 3, 1, 4).unbind(0)


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    positions: Part = None,
    mask: torch.Tensor | None = None,
    *,
    scale: float | None = None,
) -> torch.Tensor:
    """What queries find: (n, heads, tokens, d) thrice → (n, tokens, heads · d).

    Args:
        query: of each token.
        key: of each that is looked at.
        value: of each that is looked at.
        positions: gives what is added for each pair.
        mask: see :class:`Attention`.
        scale: of the products; ``None``: 1 / √d.
    """
    if mask is not None and mask.dim() == 2:
        mask = mask[:, None, None, :]
    if positions is not None:
        bias: torch.Tensor = positions()[None]
        mask = bias if mask is None else added(mask, bias.dtype) + bias
    found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
    return found.transpose(1, 2).flatten(2)


def added(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A mask as numbers that are added: the least that there is where it is false."""
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros_like(mask, dtype=dtype).masked_fill(~mask, torch.finfo(dtype).min)

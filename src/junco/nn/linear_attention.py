"""Attention whose work grows with the number of tokens, not with its square."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from junco.nn.attention import split_heads
from junco.nn.parts import check_divides, check_room, wide


class LinearAttention(nn.Module):
    """Multi-head linear attention: products of keys and values are summed once, and every query reads that sum.

    Shapes: (n, tokens, width) → (n, tokens, width)

    Formula: y = out(f(q) · Σ f(k)ᵀ·v / (f(q) · Σ f(k) + eps)) for each head, where f makes numbers that are not
    negative

    Katharopoulos et al., "Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention" (2020), where
    f is elu + 1; with ReLU: Cai et al., "EfficientViT" (2022).

    Args:
        width: of the tokens; the heads divide it.
        num_heads: how many attend side by side.
        bias: whether queries, keys and values have one.
        features: f; ``None``: elu + 1.
        eps: keeps from dividing by 0.
    """

    def __init__(
        self,
        width: int,
        num_heads: int,
        *,
        bias: bool = True,
        features: nn.Module | None = None,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        check_divides("LinearAttention", width, num_heads, "num_heads")
        check_room("LinearAttention", width, 3 * width)
        self.num_heads, self.eps = num_heads, eps
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.features = PositiveELU() if features is None else features
        self.out = nn.Linear(width, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        query, key, value = split_heads(self.qkv(tokens), 3, self.num_heads)
        query, key, value = wide(self.features(query)), wide(self.features(key)), wide(value)
        share = query @ key.sum(2, keepdim=True).transpose(2, 3) + self.eps
        found = query @ (key.transpose(2, 3) @ value) / share
        return self.out(found.to(tokens.dtype).transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class PositiveELU(nn.Module):
    """ELU, and 1: numbers that are above 0.

    Shapes: (…) → (…)

    Formula: y = x + 1 where x is above 0, else exp(x)

    Katharopoulos et al., "Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention" (2020).
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.elu(x) + 1

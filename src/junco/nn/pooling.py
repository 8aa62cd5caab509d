"""Many positions become one vector: mean, maximum, generalised mean, by attention, by learned weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.parts import Norm, check_divides, check_room, check_sizes, made


class MeanPool(nn.Module):
    """Mean over all positions.

    Shapes: (n, channels, height, width) or (n, channels, time) → (n, channels);
    with ``channels_last``, (n, …, channels) → (n, channels)

    Formula: y = Σᵢ xᵢ / N

    Lin, Chen, Yan, "Network in Network" (2014).

    Args:
        channels_last: whether the channels are the last axis, as transformers have them, or the second.
    """

    def __init__(self, *, channels_last: bool = False) -> None:
        super().__init__()
        self.channels_last = channels_last

    def forward(self, positions: Tensor) -> Tensor:
        return _positions(positions, self.channels_last).mean(dim=2)


class MaxPool(nn.Module):
    """Maximum over all positions, for each channel.

    Shapes: (n, channels, height, width) or (n, channels, time) → (n, channels);
    with ``channels_last``, (n, …, channels) → (n, channels)

    Formula: y = maxᵢ xᵢ

    Oquab et al., "Is Object Localization for Free? Weakly-Supervised Learning with Convolutional Neural Networks"
    (2015).

    Args:
        channels_last: whether the channels are the last axis, or the second.
    """

    def __init__(self, *, channels_last: bool = False) -> None:
        super().__init__()
        self.channels_last = channels_last

    def forward(self, positions: Tensor) -> Tensor:
        return _positions(positions, self.channels_last).amax(dim=2)


class GeMPool(nn.Module):
    """Generalised mean over all positions, with a learned exponent: 1 is the mean, infinity the maximum.

    Shapes: (n, channels, height, width) or (n, channels, time) → (n, channels);
    with ``channels_last``, (n, …, channels) → (n, channels)

    Formula: y = (Σᵢ max(xᵢ, ε)^p / N)^(1/p)

    Radenović, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation" (2018).

    Args:
        exponent: where p starts.
        least: ε, below which no number counts.
        channels_last: whether the channels are the last axis, or the second.
    """

    def __init__(self, exponent: float = 3.0, least: float = 1e-6, *, channels_last: bool = False) -> None:
        super().__init__()
        if exponent <= 0 or least <= 0:
            raise ParameterError(f"GeMPool: exponent={exponent} and least={least} must be greater than 0")
        self.exponent = nn.Parameter(torch.full((1,), float(exponent)))
        self.least, self.channels_last = least, channels_last

    def forward(self, positions: Tensor) -> Tensor:
        powers = _positions(positions, self.channels_last).clamp(min=self.least) ** self.exponent
        return powers.mean(dim=2) ** (1 / self.exponent)


class AttentionPool(nn.Module):
    """Learned queries look at all tokens, and an MLP may follow; the mean of what the queries found is the vector.

    Shapes: (n, tokens, width) → (n, width)

    Formula: a = softmax(q Kᵀ / √d) V; y = meanⱼ(Pa + mlp(norm(Pa))), with P the projection

    Lee et al., "Set Transformer" (2019); as Zhai et al., "Scaling Vision Transformers" (2022), have it.

    Args:
        width: of the tokens.
        num_heads: of the attention.
        num_queries: learned vectors that look.
        norm: makes what normalises before the MLP.
        mlp: adds to what was found; ``None``: nothing does.
    """

    def __init__(
        self,
        width: int,
        num_heads: int = 8,
        num_queries: int = 1,
        *,
        norm: Norm = None,
        mlp: nn.Module | None = None,
    ) -> None:
        super().__init__()
        check_divides("AttentionPool", width, num_heads, "num_heads")
        check_room("AttentionPool", 2 * width, width)
        check_room("AttentionPool", num_queries, width)
        self.num_heads = num_heads
        self.queries = nn.Parameter(torch.randn(1, num_queries, width) * width**-0.5)
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.projection = nn.Linear(width, width)
        self.norm, self.mlp = made(norm, width), mlp

    def forward(self, tokens: Tensor) -> Tensor:
        query = self._heads(self.query(self.queries.expand(tokens.shape[0], -1, -1)))
        key, value = (self._heads(each) for each in self.key_value(tokens).chunk(2, dim=-1))
        seen = functional.scaled_dot_product_attention(query, key, value)
        found: Tensor = self.projection(seen.transpose(1, 2).flatten(2))
        if self.mlp is not None:
            found = found + self.mlp(self.norm(found))
        return found.mean(dim=1)

    def _heads(self, tokens: Tensor) -> Tensor:
        """(n, tokens, width) → (n, heads, tokens, width of a head)."""
        return tokens.reshape(*tokens.shape[:2], self.num_heads, -1).transpose(1, 2)


class SequencePool(nn.Module):
    """Mean over tokens, weighed by a learned score of each.

    Shapes: (n, tokens, width) → (n, width)

    Formula: y = softmax(w x + b)ᵀ x

    Hassani et al., "Escaping the Big Data Paradigm with Compact Transformers" (2021).

    Args:
        width: of the tokens.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        check_sizes("SequencePool", width=width)
        check_room("SequencePool", width)
        self.score = nn.Linear(width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        weights: Tensor = self.score(tokens).softmax(dim=1)
        return (weights.transpose(1, 2) @ tokens).squeeze(1)


def _positions(given: Tensor, channels_last: bool) -> Tensor:
    """(n, channels, positions)."""
    return given.flatten(1, -2).transpose(1, 2) if channels_last else given.flatten(2)

"""BERT as a torch module, out of transformer blocks.

Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding" (2018).
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from junco.models.bert.config import BertConfig
from junco.nn import MLP, Attention, LayerNorm, PostNorm, TransformerBlock


class Bert(nn.Module):
    """Ids of tokens and a mask (n, length) → the last hidden state (n, length, width).

    The mask is 0 where a token only fills up a shorter text: none of the others sees it.

    Args:
        config: its size.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(config)
        self.blocks = nn.ModuleList(_block(config) for _ in range(config.depth))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.embedding(ids)
        for block in self.blocks:
            hidden = block(hidden, mask=mask.bool())
        return hidden


class TokenEmbedding(nn.Module):
    """Ids of tokens (n, length) → (n, length, width): their vectors, with those of places and of the first segment.

    Args:
        config: of the network.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.num_tokens, config.width)
        self.positions = nn.Parameter(0.02 * torch.randn(config.num_positions, config.width))
        self.segments = nn.Parameter(0.02 * torch.randn(config.num_segments, config.width))
        self.norm = LayerNorm(config.width, eps=config.eps)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        found = self.tokens(ids) + self.segments[0] + self.positions[: ids.shape[1]]
        return self.norm(found)  # type: ignore[no-any-return]


def _block(config: BertConfig) -> TransformerBlock:
    return TransformerBlock(
        config.width,
        attention=Attention(config.width, config.num_heads),
        mlp=MLP(config.width, config.hidden),
        norm=partial(LayerNorm, eps=config.eps),
        form=PostNorm,
    )

"""ViT as a torch module, out of transformer blocks.

Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale" (2020); with layer
scale: Touvron et al., "DeiT III: Revenge of the ViT" (2022); with registers: Darcet et al., "Vision Transformers Need
Registers" (2023).
"""

from __future__ import annotations

import torch
from torch import nn

from junco.models.vit.config import ViTConfig
from junco.nn import MLP, Attention, LayerNorm, LearnedPositions, PatchEmbedding, PrefixTokens, TransformerBlock


class ViT(nn.Module):
    """Normalised pictures (n, 3, h, w) → features (n, width): the class token after all blocks.

    Args:
        config: its size.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        width = config.width
        self.patches = PatchEmbedding(width, config.patch)
        self.prefix = PrefixTokens(width)
        self.registers = PrefixTokens(width, config.num_registers) if config.num_registers else nn.Identity()
        num_prefix = (1 + config.num_registers) * config.class_has_position
        self.positions = LearnedPositions(width, config.grid, num_prefix=num_prefix)
        self.blocks = nn.Sequential(*(_block(config, place) for place in range(config.depth)))
        self.norm = LayerNorm(width)
        self.head = nn.Linear(width, config.num_classes) if config.num_classes else None

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        patches = self.patches(levels)
        grid = (patches.shape[1], patches.shape[2])
        tokens = self.positions(self.prefix(self.registers(patches.flatten(1, 2))), grid)
        features: torch.Tensor = self.norm(self.blocks(tokens))
        return features[:, 0]

    def classify(self, levels: torch.Tensor) -> torch.Tensor:
        """Normalised pictures → logits (n, classes)."""
        assert self.head is not None, "a network of no classes has no classifier"
        logits: torch.Tensor = self.head(self(levels))
        return logits


def _block(config: ViTConfig, place: int) -> TransformerBlock:
    return TransformerBlock(
        config.width,
        attention=Attention(config.width, config.num_heads),
        mlp=MLP(config.width, int(config.width * config.mlp_ratio)),
        drop_path=config.drop_path * place / max(config.depth - 1, 1),
        layer_scale=config.layer_scale,
    )

"""Swin and Swin-V2 as a torch module, out of transformer blocks whose attention stays within windows.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows" (2021) and "Swin Transformer V2:
Scaling Up Capacity and Resolution" (2021).
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import torch
from torch import nn

from junco import nn as blocks
from junco.models.swin.config import SwinConfig

LayerNorm = partial(blocks.LayerNorm, eps=1e-5)


class Swin(nn.Module):
    """Normalised pictures (n, 3, h, w) → features (n, dim): the mean of the last stage's tokens.

    Pictures of other sizes are taken too: windows stay as large as they are, and maps that they do not fill are padded.

    Args:
        config: its size.
    """

    def __init__(self, config: SwinConfig) -> None:
        super().__init__()
        self.config = config
        self.patches = blocks.PatchEmbedding(config.width, config.patch, norm=LayerNorm)
        self.stages = nn.Sequential(*map(self._stage, range(len(config.depths))))
        self.norm = LayerNorm(config.dim)
        self.head = nn.Linear(config.dim, config.num_classes) if config.num_classes else None

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.norm(self.stages(self.patches(levels)))
        return features.mean((1, 2))

    def classify(self, levels: torch.Tensor) -> torch.Tensor:
        """Normalised pictures → logits (n, classes)."""
        assert self.head is not None, "a network of no classes has no classifier"
        logits: torch.Tensor = self.head(self(levels))
        return logits

    def _stage(self, stage: int) -> nn.Module:
        width = self.config.width << stage
        merge: nn.Module = nn.Identity()
        if stage:
            merge = blocks.PatchMerging(width // 2, width, norm=LayerNorm, norm_last=self.config.is_v2)
        own = nn.Sequential(*(self._block(width, stage, place) for place in range(self.config.depths[stage])))
        return nn.Sequential(OrderedDict(merge=merge, blocks=own))

    def _block(self, width: int, stage: int, place: int) -> blocks.TransformerBlock:
        window = self.config.window_of(stage)
        return blocks.TransformerBlock(
            width,
            attention=blocks.WindowAttention(
                self._attention(width, stage, (window, window)), window=window, shift=window // 2 if place % 2 else 0
            ),
            mlp=blocks.MLP(width, int(width * self.config.mlp_ratio)),
            norm=LayerNorm,
            form=blocks.BranchNorm if self.config.is_v2 else blocks.PreNorm,
            drop_path=self.config.drop_path_of(stage, place),
        )

    def _attention(self, width: int, stage: int, window: tuple[int, int]) -> nn.Module:
        num_heads = self.config.num_heads[stage]
        if not self.config.is_v2:
            positions = blocks.RelativePositionBias(num_heads, window)
            return blocks.Attention(width, num_heads, positions=positions)
        trained = self.config.trained_window_of(stage)
        log_spaced = blocks.LogSpacedBias(num_heads, window, trained_window=trained)
        return blocks.CosineAttention(width, num_heads, positions=log_spaced)

"""ConvNeXt as a torch module: transformer blocks with a convolution in attention's place.

Liu et al., "A ConvNet for the 2020s" (2022).
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from junco.models.convnext.config import ConvNeXtConfig
from junco.nn import MLP, ConvMerging, DepthwiseMixing, JointNorm, LayerNorm, PatchEmbedding, TransformerBlock


class ConvNeXt(nn.Module):
    """Normalised pictures (n, 3, h, w) → features (n, width of the last stage): the normalised mean of its places.

    Args:
        config: its size.
    """

    def __init__(self, config: ConvNeXtConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.widths[-1]
        self.patches = PatchEmbedding(config.widths[0], config.patch, norm=LayerNorm, pad=False)
        self.stages = nn.Sequential(*map(self._stage, range(len(config.depths))))
        self.norm = LayerNorm(dim)
        self.head = nn.Linear(dim, config.num_classes) if config.num_classes else None

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        places = self.stages(self.patches(levels))
        features: torch.Tensor = self.norm(places.mean((1, 2)))
        return features

    def classify(self, levels: torch.Tensor) -> torch.Tensor:
        """Normalised pictures → logits (n, classes)."""
        assert self.head is not None, "a network of no classes has no classifier"
        logits: torch.Tensor = self.head(self(levels))
        return logits

    def _stage(self, stage: int) -> nn.Module:
        width = self.config.widths[stage]
        merge = ConvMerging(self.config.widths[stage - 1], width) if stage else nn.Identity()
        blocks = nn.Sequential(*(self._block(width, stage, place) for place in range(self.config.depths[stage])))
        return nn.Sequential(OrderedDict(merge=merge, blocks=blocks))

    def _block(self, width: int, stage: int, place: int) -> TransformerBlock:
        return TransformerBlock(
            width,
            attention=DepthwiseMixing(width, self.config.kernel_size),
            mlp=MLP(width, 4 * width),
            form=JointNorm,
            drop_path=self.config.drop_path_of(stage, place),
            layer_scale=self.config.layer_scale,
        )

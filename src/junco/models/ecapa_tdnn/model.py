"""ECAPA-TDNN as a torch module.

Architecture: Desplanques, Thienpondt, Demuynck, "ECAPA-TDNN: Emphasized Channel Attention, Propagation and Aggregation
in TDNN Based Speaker Verification" (2020).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from junco.models.ecapa_tdnn.config import EcapaTdnnConfig
from junco.nn import AttentiveStatisticsPool, EcapaBlock, TimeDelay


class EcapaTdnn(nn.Module):
    """Log-mel spectrograms (n, num_bands, time) → vectors (n, dim).

    Args:
        config: its size.
    """

    def __init__(self, config: EcapaTdnnConfig) -> None:
        super().__init__()
        norm = nn.BatchNorm1d if config.batch_norm else None
        first, *others = zip(config.channels, config.sizes, config.dilations, strict=True)
        self.stem = TimeDelay(config.num_bands, *first, norm=norm)
        self.blocks = nn.ModuleList(
            EcapaBlock(before, *sizes, num_groups=config.num_groups, inner=config.inner, norm=norm)
            for before, sizes in zip(config.channels, others, strict=False)
        )
        self.join = TimeDelay(sum(config.channels[1:]), config.joint_channels, 1, norm=norm)
        self.pool = AttentiveStatisticsPool(config.joint_channels, config.inner, norm=norm)
        self.norm = nn.BatchNorm1d(2 * config.joint_channels) if config.batch_norm else nn.Identity()
        self.head = nn.Conv1d(2 * config.joint_channels, config.dim, 1)

    def forward(self, bands: Tensor) -> Tensor:
        found = [self.stem(bands)]
        for block in self.blocks:
            found.append(block(found[-1]))
        pooled = self.norm(self.pool(self.join(torch.cat(found[1:], dim=1))))
        vectors: Tensor = self.head(pooled.unsqueeze(2))
        return vectors.squeeze(2)

"""EfficientNet-Lite as a torch module that takes pixels and gives features.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in the
variant without squeeze-and-excitation and with ReLU6.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from junco.models.efficientnet.model import EfficientNet
from junco.models.efficientnet_lite.config import NETWORKS
from junco.models.efficientnet_lite.weights import read, renames
from junco.models.renames import load


class PixelFeatures(nn.Module):
    """Levels uint8 (n, side, side, 3) → features (n, 1280), all in one graph.

    Args:
        network: of levels (x − 127) / 128.
    """

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        levels = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
        features: torch.Tensor = self.network(levels)
        return features


def efficientnet_lite(model: str, weights: Path | None, owner: str = "efficientnet-lite") -> PixelFeatures:
    """A size with its weights, in eval mode.

    Args:
        model: ``lite0``, ``lite1`` …
        weights: the file of its weights; ``None``: random ones.
        owner: whose weights they are, for errors.
    """
    network = EfficientNet(NETWORKS[model])
    if weights is not None:
        load(network, renames(network.config).here(read(weights)), owner)
    return PixelFeatures(network).eval()

"""EfficientNet-Lite as a torch module that takes pixels and gives features.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in the
variant without squeeze-and-excitation and with ReLU6, as the package ``efficientnet-lite-pytorch`` builds it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

DIM = 1280


def efficientnet_lite(model: str, weights: Path | None) -> torch.nn.Module:
    """Levels uint8 (n, side, side, 3) → features (n, 1280), all in one graph.

    Args:
        model: ``lite0``, ``lite1`` …
        weights: the file of its weights; ``None``: random ones.
    """
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(f"efficientnet-{model}")
    if weights is not None:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            levels = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
            features: torch.Tensor = self.network.extract_features(levels)
            return features.mean(dim=(2, 3))

    return Features().eval()

"""YAMNet as a torch module.

Architecture: Howard et al., "MobileNets" (2017), on log-mel patches, as Plakal and Ellis trained it on AudioSet for
TensorFlow's models.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from junco.models.yamnet.weights import layers_and_classifier

if TYPE_CHECKING:
    import torch

NUM_FEATURES = 1024
NUM_CLASSES = 521
Output = Literal["features", "scores"]


def network(weights: Path, output: Output) -> torch.nn.Module:
    """Log-mel patches float32 (n, 96, 64) → features (n, 1024), or the classes' logits (n, 521)."""
    import torch

    layers, (weight, bias) = layers_and_classifier(weights)

    class Yamnet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(*(part for layer in layers for part in _convolution(*layer)))
            self.classifier = torch.nn.Linear(NUM_FEATURES, NUM_CLASSES) if output == "scores" else torch.nn.Identity()
            if output == "scores":
                self.classifier.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})

        def forward(self, patches: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.classifier(self.layers(patches[:, None]).mean(dim=(2, 3)))
            return found

    return Yamnet().eval()


def _convolution(weight: np.ndarray[Any, Any], bias: np.ndarray[Any, Any], sizes: dict[str, Any]) -> list[Any]:
    """Padding, where it is not alike on both sides; the convolution; ReLU."""
    import torch

    top, left, bottom, right = sizes["pads"]
    padding = [] if (top, left) == (bottom, right) else [torch.nn.ZeroPad2d((left, right, top, bottom))]
    made = torch.nn.Conv2d(
        weight.shape[1] * sizes["group"],
        weight.shape[0],
        weight.shape[2:],
        sizes["strides"],
        0 if padding else (top, left),
        groups=sizes["group"],
    )
    made.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    return [*padding, made, torch.nn.ReLU()]

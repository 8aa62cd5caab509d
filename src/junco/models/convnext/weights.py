"""What timm calls the weights of ConvNeXt."""

from __future__ import annotations

from junco.models.renames import Renames

_BLOCK = (
    ("attention.conv", "conv_dw"),
    ("residual.norm", "norm"),
    ("residual.end.0.weight", "gamma"),
    ("mlp.hidden", "mlp.fc1"),
    ("mlp.out", "mlp.fc2"),
)
RENAMES = Renames(
    ("patches.conv", "stem.0"),
    ("patches.norm", "stem.1"),
    ("stages.{}.merge.norm", "stages.{}.downsample.0"),
    ("stages.{}.merge.conv", "stages.{}.downsample.1"),
    *((f"stages.{{}}.blocks.{{}}.{ours}", f"stages.{{}}.blocks.{{}}.{theirs}") for ours, theirs in _BLOCK),
    ("norm", "head.norm"),
    ("head", "head.fc"),
)

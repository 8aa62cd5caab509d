"""What timm calls the weights of EfficientNet."""

from __future__ import annotations

from junco.models.efficientnet.config import EfficientNetConfig
from junco.models.renames import Renames

_SEPARABLE = (
    ("depthwise.conv", "conv_dw"),
    ("depthwise.norm", "bn1"),
    ("project.conv", "conv_pw"),
    ("project.norm", "bn2"),
)
_INVERTED = (
    ("expand.conv", "conv_pw"),
    ("expand.norm", "bn1"),
    ("depthwise.conv", "conv_dw"),
    ("depthwise.norm", "bn2"),
    ("project.conv", "conv_pwl"),
    ("project.norm", "bn3"),
)
_EXCITATION = (("attention.squeeze", "se.conv_reduce"), ("attention.excite", "se.conv_expand"))
_RENAMES = Renames(
    ("stem.conv", "conv_stem"),
    ("stem.norm", "bn1"),
    # The first stage widens nothing, so that timm's names mean others there.
    *((f"stages.0.blocks.{{}}.{ours}", f"blocks.0.{{}}.{theirs}") for ours, theirs in (*_SEPARABLE, *_EXCITATION)),
    *((f"stages.{{}}.blocks.{{}}.{ours}", f"blocks.{{}}.{{}}.{theirs}") for ours, theirs in (*_INVERTED, *_EXCITATION)),
    ("top.conv", "conv_head"),
    ("top.norm", "bn2"),
    ("head", "classifier"),
)


def renames(config: EfficientNetConfig) -> Renames:
    """The names of one size: all have the same."""
    del config
    return _RENAMES

"""What timm calls the weights of Swin and Swin-V2."""

from __future__ import annotations

from junco.models.renames import Renames
from junco.models.swin.config import SwinConfig

BLOCK = (
    ("attention.attention.positions.table", "attn.relative_position_bias_table"),
    ("attention.attention.positions.network", "attn.cpb_mlp"),
    ("attention.attention.scale", "attn.logit_scale"),
    ("attention.attention.qkv", "attn.qkv"),
    ("attention.attention.query_bias", "attn.q_bias"),
    ("attention.attention.value_bias", "attn.v_bias"),
    ("attention.attention.out", "attn.proj"),
    ("residual.attention_norm", "norm1"),
    ("residual.mlp_norm", "norm2"),
    ("mlp.hidden", "mlp.fc1"),
    ("mlp.out", "mlp.fc2"),
)
"""Within a block."""
_SHARED = (
    ("patches.conv", "patch_embed.proj"),
    ("patches.norm", "patch_embed.norm"),
    ("stages.{}.merge.reduce", "layers.{}.downsample.reduction"),
    *((f"stages.{{}}.blocks.{{}}.{ours}", f"layers.{{}}.blocks.{{}}.{theirs}") for ours, theirs in BLOCK),
    ("head", "head.fc"),
)


def renames(config: SwinConfig) -> Renames:
    """The names of Swin's, or of Swin-V2's."""
    norm = "last_norm" if config.is_v2 else "norm"
    return Renames(*_SHARED, (f"stages.{{}}.merge.{norm}", "layers.{}.downsample.norm"))

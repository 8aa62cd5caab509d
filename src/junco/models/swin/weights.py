"""What timm calls the weights of Swin and Swin-V2."""

from __future__ import annotations

from junco.models.renames import Renames

_BLOCK = (
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
_SHARED = (
    ("patches.conv", "patch_embed.proj"),
    ("patches.norm", "patch_embed.norm"),
    ("stages.{}.merge.reduce", "layers.{}.downsample.reduction"),
    *((f"stages.{{}}.blocks.{{}}.{ours}", f"layers.{{}}.blocks.{{}}.{theirs}") for ours, theirs in _BLOCK),
    ("head", "head.fc"),
)
RENAMES = Renames(*_SHARED, ("stages.{}.merge.norm", "layers.{}.downsample.norm"))
RENAMES_V2 = Renames(*_SHARED, ("stages.{}.merge.last_norm", "layers.{}.downsample.norm"))


def renames(*, is_v2: bool) -> Renames:
    """The names of Swin's, or of Swin-V2's."""
    return RENAMES_V2 if is_v2 else RENAMES

"""What timm calls the weights of ViT."""

from __future__ import annotations

from junco.models.renames import Renames
from junco.models.vit.config import ViTConfig

BLOCK = (
    ("attention.qkv", "attn.qkv"),
    ("attention.out", "attn.proj"),
    ("residual.attention_norm", "norm1"),
    ("residual.mlp_norm", "norm2"),
    ("residual.attention_end.0.weight", "ls1.gamma"),
    ("residual.mlp_end.0.weight", "ls2.gamma"),
    ("mlp.hidden", "mlp.fc1"),
    ("mlp.out", "mlp.fc2"),
)
"""Within a block."""
_RENAMES = Renames(
    ("patches.conv", "patch_embed.proj"),
    ("prefix.tokens", "cls_token"),
    ("registers.tokens", "reg_token"),
    ("positions.table", "pos_embed"),
    *((f"blocks.{{}}.{ours}", f"blocks.{{}}.{theirs}") for ours, theirs in BLOCK),
)


def renames(config: ViTConfig) -> Renames:
    """The names of one size: all have the same."""
    del config
    return _RENAMES

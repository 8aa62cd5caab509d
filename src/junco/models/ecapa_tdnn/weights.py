"""Weights of ECAPA-TDNN by the names that transformers' speech models have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from junco.models.renames import Renames

if TYPE_CHECKING:
    import torch

RENAMES = Renames(
    ("stem", "blocks.0"),
    ("join", "mfa"),
    ("pool.look", "asp.tdnn"),
    ("pool.weigh", "asp.conv"),
    ("head", "fc"),
)
_BLOCK = Renames(
    ("blocks.{}.before", "blocks.{}.tdnn1"),
    ("blocks.{}.groups.convs.{}", "blocks.{}.res2net_block.blocks.{}"),
    ("blocks.{}.after", "blocks.{}.tdnn2"),
    ("blocks.{}.scale.squeeze", "blocks.{}.se_block.conv1"),
    ("blocks.{}.scale.excite", "blocks.{}.se_block.conv2"),
)


def here(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Their weights: blocks are counted from 0 behind the first layer, and the head is linear."""
    found = {}
    for name, tensor in RENAMES.here(_BLOCK.here(state)).items():
        parts = name.split(".")
        if parts[0] == "blocks":
            parts[1] = str(int(parts[1]) - 1)
        found[".".join(parts)] = tensor[:, :, 0] if name == "head.weight" else tensor
    return found


def there(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights of a network here by their names and shapes."""
    found = {}
    for name, tensor in state.items():
        parts = name.split(".")
        if parts[0] == "blocks":
            parts[1] = str(int(parts[1]) + 1)
        found[".".join(parts)] = tensor[:, :, None] if name == "head.weight" else tensor
    return RENAMES.there(_BLOCK.there(found))

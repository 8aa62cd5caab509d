"""What transformers' speech models call the weights of ECAPA-TDNN."""

from __future__ import annotations

from junco.models.ecapa_tdnn.config import EcapaTdnnConfig
from junco.models.renames import Renames

_BLOCK = (
    ("before", "tdnn1"),
    ("groups.convs.{}", "res2net_block.blocks.{}"),
    ("after", "tdnn2"),
    ("scale.squeeze", "se_block.conv1"),
    ("scale.excite", "se_block.conv2"),
)


def renames(config: EcapaTdnnConfig) -> Renames:
    """Names there of one size, where the first layer is counted as a block."""
    return Renames(
        ("stem", "blocks.0"),
        *(
            (f"blocks.{number}.{ours}", f"blocks.{number + 1}.{theirs}")
            for number in range(len(config.channels) - 1)
            for ours, theirs in _BLOCK
        ),
        ("join", "mfa"),
        ("pool.look", "asp.tdnn"),
        ("pool.weigh", "asp.conv"),
        ("head", "fc"),
    )

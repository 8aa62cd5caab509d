"""What timm calls the weights of Inception-v4."""

from __future__ import annotations

from collections.abc import Iterator

from junco.models.inception_v4.config import InceptionV4Config
from junco.models.renames import Renames

_STEM = (
    ("0", "0"),
    ("1", "1"),
    ("2", "2"),
    ("3.branches.1", "3.conv"),
    ("4.branches.{}.{}", "4.branch{}.{}"),
    ("5.branches.0", "5.conv"),
)
_USUAL = (("branches.{}", "branch{}"), ("branches.{}.{}", "branch{}.{}"))
_BOTH_WAYS = (
    ("branches.3.1", "branch3.1"),
    ("branches.{}", "branch{}"),
    ("branches.1.1.branches.0", "branch1_1a"),
    ("branches.1.1.branches.1", "branch1_1b"),
    ("branches.2.3.branches.0", "branch2_3a"),
    ("branches.2.3.branches.1", "branch2_3b"),
    ("branches.{}.{}", "branch{}_{}"),
)


def renames(config: InceptionV4Config) -> Renames:
    """Names in timm, where modules are counted from the first convolution to the last module."""
    pairs = (*((f"stem.{ours}", f"features.{theirs}") for ours, theirs in _STEM), *_of_stages(config))
    return Renames(
        *((f"{ours}.conv", f"{theirs}.conv") for ours, theirs in pairs),
        *((f"{ours}.norm", f"{theirs}.bn") for ours, theirs in pairs),
        ("head", "last_linear"),
    )


def _of_stages(config: InceptionV4Config) -> Iterator[tuple[str, str]]:
    number = 6
    for stage, depth in enumerate(config.depths):
        for block in range(depth + (stage > 0)):
            is_c = stage == len(config.depths) - 1 and block > 0
            for ours, theirs in _BOTH_WAYS if is_c else _USUAL:
                yield f"stages.{stage}.blocks.{block}.{ours}", f"features.{number}.{theirs}"
            number += 1

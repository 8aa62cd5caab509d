"""What timm calls the weights of the ResNet family."""

from __future__ import annotations

from collections.abc import Iterator

from junco.models.renames import Renames
from junco.models.resnet.config import ResNetConfig

_Pairs = tuple[tuple[str, str], ...]
_SELECTIVE = (
    ("paths.{}.conv", "paths.{}.conv"),
    ("paths.{}.norm", "paths.{}.bn"),
    ("squeeze", "attn.fc_reduce"),
    ("norm", "attn.bn"),
    ("select", "attn.fc_select"),
)
_EXCITATION = (("attention.squeeze", "se.fc1"), ("attention.excite", "se.fc2"))
_DEEP_STEM = (
    ("stem.conv.0.conv", "conv1.0"),
    ("stem.conv.0.norm", "conv1.1"),
    ("stem.conv.1.conv", "conv1.3"),
    ("stem.conv.1.norm", "conv1.4"),
    ("stem.conv.2.conv", "conv1.6"),
    ("stem.conv.2.norm", "bn1"),
)
_STEM = (("stem.conv.conv", "conv1"), ("stem.conv.norm", "bn1"))


def renames(config: ResNetConfig) -> Renames:
    """Names in timm of the weights of one member, which mean others in another."""
    block = (*_convolutions(config), *_EXCITATION, *_shortcut(config))
    return Renames(
        *(_DEEP_STEM if config.is_deep else _STEM),
        *(_blurred(config) if config.is_antialiased else ()),
        *(
            (f"stages.{stage}.blocks.{{}}.{ours}", f"layer{stage + 1}.{{}}.{theirs}")
            for stage in range(len(config.depths))
            for ours, theirs in block
        ),
        ("head", "fc"),
    )


def _convolutions(config: ResNetConfig) -> _Pairs:
    names = ("first", "second") if config.is_basic else ("reduce", "middle", "expand")
    numbered = tuple(enumerate(names, 1))
    if config.selection is None:
        return (
            *((f"{name}.conv", f"conv{i}") for i, name in numbered),
            *((f"{name}.norm", f"bn{i}") for i, name in numbered),
        )
    selective = 1 if config.is_basic else 2
    return (
        *((f"{names[selective - 1]}.{ours}", f"conv{selective}.{theirs}") for ours, theirs in _SELECTIVE),
        *((f"{name}.conv", f"conv{i}.conv") for i, name in numbered),
        *((f"{name}.norm", f"conv{i}.bn") for i, name in numbered),
    )


def _blurred(config: ResNetConfig) -> Iterator[tuple[str, str]]:
    """Where a stage begins, what had stride 2 is a sequence, of a convolution and a blur."""
    name, number = ("first", 1) if config.is_basic else ("middle", 2)
    for stage in range(1, len(config.depths)):
        yield f"stages.{stage}.blocks.0.{name}.0.conv", f"layer{stage + 1}.0.conv{number}"
        yield f"stages.{stage}.blocks.0.{name}.0.norm", f"layer{stage + 1}.0.bn{number}"


def _shortcut(config: ResNetConfig) -> _Pairs:
    if config.is_deep:
        return (("shortcut.conv.conv", "downsample.1"), ("shortcut.conv.norm", "downsample.2"))
    return (("shortcut.conv", "downsample.0"), ("shortcut.norm", "downsample.1"))

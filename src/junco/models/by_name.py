"""`network_named`: the networks out of junco's blocks, by the names that timm has for them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from junco.models.renames import Renames

if TYPE_CHECKING:
    from torch import nn

_CLASSES = {
    "convnext": "ConvNeXt",
    "efficientnet": "EfficientNet",
    "inception_v4": "InceptionV4",
    "resnet": "ResNet",
    "swin": "Swin",
    "vit": "ViT",
}
"""By its room the class of a network; what it is called there is in the room's ``VARIANTS``."""


@dataclass(frozen=True, slots=True)
class NamedNetwork:
    """A network that is not built yet.

    Attributes:
        config: of its size, without a classifier.
        make: builds it of that, with random weights.
        renames: what timm calls its weights.
    """

    config: Any
    make: Callable[[Any], nn.Module]
    renames: Renames

    def build(self) -> nn.Module:
        """The network, with random weights, without a classifier."""
        return self.make(self.config)


def network_named(name: str) -> NamedNetwork | None:
    """A network by timm's name of its architecture; ``None`` where there is none out of blocks."""
    for room in _CLASSES:
        if (config := _variants(room).get(name)) is not None:
            make = getattr(importlib.import_module(f"junco.models.{room}.model"), _CLASSES[room])
            renames = importlib.import_module(f"junco.models.{room}.weights").RENAMES
            return NamedNetwork(replace(config, num_classes=0), make, renames)
    return None


def names() -> Iterator[str]:
    """All names."""
    for room in _CLASSES:
        yield from _variants(room)


def _variants(room: str) -> dict[str, Any]:
    found: dict[str, Any] = importlib.import_module(f"junco.models.{room}.config").VARIANTS
    return found

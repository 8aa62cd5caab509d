"""`network_named`: the networks out of junco's blocks, by the names that timm has for them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
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
    """A network that is not built yet: to know it takes no torch.

    Attributes:
        room: where it is written.
        config: of its size, without a classifier.
    """

    room: str
    config: Any

    def build(self) -> nn.Module:
        """The network, with random weights, without a classifier."""
        make = getattr(importlib.import_module(f"junco.models.{self.room}.model"), _CLASSES[self.room])
        network: nn.Module = make(self.config)
        return network

    @property
    def renames(self) -> Renames:
        """What timm calls its weights."""
        found: Renames = importlib.import_module(f"junco.models.{self.room}.weights").renames(self.config)
        return found


def network_named(name: str) -> NamedNetwork | None:
    """A network by timm's name of its architecture; ``None`` where there is none out of blocks."""
    for room in _CLASSES:
        if (config := _variants(room).get(name)) is not None:
            return NamedNetwork(room, replace(config, num_classes=0))
    return None


def names() -> Iterator[str]:
    """All names."""
    for room in _CLASSES:
        yield from _variants(room)


def _variants(room: str) -> dict[str, Any]:
    found: dict[str, Any] = importlib.import_module(f"junco.models.{room}.config").VARIANTS
    return found

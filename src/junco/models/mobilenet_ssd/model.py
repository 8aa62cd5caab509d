"""The network SSD-MobileNetV2 in torch.

Liu et al., "SSD: Single Shot MultiBox Detector" (2016); Sandler et al., "MobileNetV2: Inverted Residuals and Linear
Bottlenecks" (2018). Batch normalisation is part of the convolutions' weights.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SIDE = 300
"""Of a picture, in pixels."""
GROUPS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Of each group of blocks: how much it widens, its channels, its blocks, and the stride of the first."""
_TAPPED_BLOCK = 13
"""The block whose widened features are the first that boxes are found in."""
_LAST_CHANNELS = 1280
EXTRA = ((256, 512), (128, 256), (128, 256), (64, 128))
"""Channels of the layers that follow: squeezed, and given."""
_MAPS = ((576, 19), (_LAST_CHANNELS, 10), (512, 5), (256, 3), (256, 2), (128, 1))
"""Channels and side of the maps that boxes are found in."""
ANCHORS_A_PLACE = (3, 6, 6, 6, 6, 6)
_NUM_CLASSES = 91
"""With the background, class 0."""


def mobilenet_ssd() -> torch.nn.Module:
    """Levels 0..255, float32 (n, 300, 300, 3) → (n, 1917 · 95): the box encodings of all anchors, then their logits.

    Its weights are random.
    """
    from torch import Tensor, cat, nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = _conv(3, 32, SIDE, 3, 2)
            self.blocks: Any = nn.ModuleList(_blocks())
            self.last = _conv(320, _LAST_CHANNELS, _MAPS[1][1])
            self.extra = nn.ModuleList(_extra())
            self.boxes = nn.ModuleList(_conv(*each, 3, linear=True) for each in _heads(4))
            self.classes = nn.ModuleList(_conv(*each, 3, linear=True) for each in _heads(_NUM_CLASSES))

        def forward(self, levels: Tensor) -> Tensor:
            maps = self.maps(levels.permute(0, 3, 1, 2) * (2 / 255) - 1)
            heads = [(self.boxes, maps), (self.classes, maps)]
            found = [head(x) for group, xs in heads for head, x in zip(group, xs, strict=True)]
            return cat([each.permute(0, 2, 3, 1).flatten(1) for each in found], dim=1)

        def maps(self, x: Tensor) -> list[Tensor]:
            """(n, 3, 300, 300) in −1..1 → the maps that boxes are found in."""
            x, maps = self.first(x), []
            for number, block in enumerate(self.blocks):
                wide = block["expand"](x) if "expand" in block else x
                y = block["project"](block["depthwise"](wide))
                x = x + y if x.shape == y.shape else y
                maps += [wide] if number == _TAPPED_BLOCK else []
            maps.append(self.last(x))
            for layer in self.extra:
                maps.append(layer(maps[-1]))
            return maps

    return Network()


def _conv(
    inputs: int, outputs: int, size: int, kernel: int = 1, stride: int = 1, groups: int = 1, *, linear: bool = False
) -> torch.nn.Module:
    """A convolution of maps of that size, padded as TensorFlow's ``SAME`` is: the odd pixel goes right and below."""
    from torch import nn

    padding = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    before, after = padding // 2, padding - padding // 2
    parts: dict[str, nn.Module] = {"pad": nn.ZeroPad2d((before, after, before, after))} if padding else {}
    parts["conv"] = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups)
    return nn.Sequential(OrderedDict(parts if linear else {**parts, "act": nn.ReLU6()}))


def _blocks() -> list[Any]:
    """Inverted residuals: widen, filter each channel, narrow."""
    from torch import nn

    inputs, size, blocks = 32, SIDE // 2, []
    for widening, outputs, count, first_stride in GROUPS:
        for number in range(count):
            wide, stride = inputs * widening, first_stride if number == 0 else 1
            block = {"expand": _conv(inputs, wide, size)} if widening > 1 else {}
            block["depthwise"] = _conv(wide, wide, size, 3, stride, wide)
            size = -(-size // stride)
            block["project"] = _conv(wide, outputs, size, linear=True)
            blocks.append(nn.ModuleDict(block))
            inputs = outputs
    return blocks


def _extra() -> list[Any]:
    """What makes each of the later maps of the one before: squeeze, filter each channel, widen."""
    from torch import nn

    return [
        nn.Sequential(
            _conv(inputs, squeezed, size), _conv(squeezed, squeezed, size, 3, 2, squeezed), _conv(squeezed, given, size)
        )
        for (inputs, size), (squeezed, given) in zip(_MAPS[1:], EXTRA, strict=False)
    ]


def _heads(numbers: int) -> list[tuple[int, int, int]]:
    """For each map its channels, the channels of what gives so many numbers for each anchor, and its side."""
    return [(channels, numbers * num, side) for (channels, side), num in zip(_MAPS, ANCHORS_A_PLACE, strict=True)]

"""The network of SSD-MobileNetV2, and where its weights stand in TensorFlow's graph of it.

Liu et al., "SSD: Single Shot MultiBox Detector" (2016); Sandler et al., "MobileNetV2: Inverted Residuals and Linear
Bottlenecks" (2018). Batch normalisation is folded into the convolutions when the weights are read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from junco.builtin.object_detection.frozen_graph import Constants

_NORM_EPSILON = 1e-3
_SHAPE_OF_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Of each group of blocks: how much it widens, its channels, its blocks, and the stride of the first."""
_TAPPED_BLOCK = 13
"""The block whose widened features are the first that boxes are found in."""
_LAST_CHANNELS = 1280
_EXTRA = ((256, 512), (128, 256), (128, 256), (64, 128))
"""Channels of the layers that follow: squeezed, and given."""
_MAP_CHANNELS = (576, _LAST_CHANNELS, *(given for _, given in _EXTRA))
ANCHORS_A_PLACE = (3, 6, 6, 6, 6, 6)
NUM_CLASSES = 91
"""With the background, class 0."""


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's ``SAME`` is: the odd pixel goes right and below; then ReLU6, or not."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, groups=groups)
        self.linear = linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, inputs, height, width) → (n, outputs, height / stride, width / stride), rounded up."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if kernel > 1:
            down, right = (max((math.ceil(size / stride) - 1) * stride + kernel - size, 0) for size in x.shape[2:])
            x = functional.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
        y = super().forward(x)
        return y if self.linear else functional.relu6(y)


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow; and add what went in, where it has the same shape."""

    def __init__(self, inputs: int, outputs: int, widening: int, stride: int) -> None:
        super().__init__()
        wide = inputs * widening
        self.expand = SameConv(inputs, wide) if widening > 1 else nn.Identity()
        self.depthwise = SameConv(wide, wide, 3, stride, groups=wide)
        self.project = SameConv(wide, outputs, linear=True)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, inputs, height, width) → what it gives, and the widened features."""
        wide = self.expand(x)
        y = self.project(self.depthwise(wide))
        return (x + y if self.is_residual else y), wide


class MobileNetSsd(nn.Module):
    """Levels 0..255, float32 (n, 300, 300, 3) → (n, 1917 · 95): the box encodings of all anchors, then their logits."""

    def __init__(self) -> None:
        super().__init__()
        self.first = SameConv(3, 32, 3, 2)
        self.blocks = nn.ModuleList(_blocks())
        self.last = SameConv(320, _LAST_CHANNELS)
        self.extra = nn.ModuleList(
            nn.Sequential(
                SameConv(inputs, squeezed),
                SameConv(squeezed, squeezed, 3, 2, groups=squeezed),
                SameConv(squeezed, outputs),
            )
            for inputs, (squeezed, outputs) in zip(_MAP_CHANNELS[1:], _EXTRA, strict=False)
        )
        heads = list(zip(_MAP_CHANNELS, ANCHORS_A_PLACE, strict=True))
        self.boxes = nn.ModuleList(nn.Conv2d(channels, 4 * num, 3, padding=1) for channels, num in heads)
        self.classes = nn.ModuleList(nn.Conv2d(channels, NUM_CLASSES * num, 3, padding=1) for channels, num in heads)

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """As the class says."""
        maps = self.features(levels.permute(0, 3, 1, 2) * (2 / 255) - 1)
        boxes = [head(each).permute(0, 2, 3, 1).flatten(1) for head, each in zip(self.boxes, maps, strict=True)]
        logits = [head(each).permute(0, 2, 3, 1).flatten(1) for head, each in zip(self.classes, maps, strict=True)]
        return torch.cat([*boxes, *logits], dim=1)

    def features(self, x: torch.Tensor) -> list[torch.Tensor]:
        """(n, 3, 300, 300) in −1..1 → the six maps that boxes are found in, 19² to 1²."""
        x = self.first(x)
        maps = []
        for number, block in enumerate(self.blocks):
            x, wide = block(x)
            if number == _TAPPED_BLOCK:
                maps.append(wide)
        maps.append(self.last(x))
        for layer in self.extra:
            maps.append(layer(maps[-1]))
        return maps


def network_of(constants: Constants) -> MobileNetSsd:
    """The network with the weights of TensorFlow's graph."""
    network = MobileNetSsd().eval()
    network.load_state_dict(
        {f"{ours}.{part}": tensor for ours, theirs in _names() for part, tensor in _tensors(constants, theirs)}
    )
    return network


def _blocks() -> list[InvertedResidual]:
    inputs, blocks = 32, []
    for widening, outputs, count, stride in _SHAPE_OF_BLOCKS:
        for number in range(count):
            blocks.append(InvertedResidual(inputs, outputs, widening, stride if number == 0 else 1))
            inputs = outputs
    return blocks


def _names() -> list[tuple[str, str]]:
    """Every layer's name here, and there."""
    root, names = "FeatureExtractor/MobilenetV2", []
    num_blocks = sum(count for _, _, count, _ in _SHAPE_OF_BLOCKS)
    names += [("first", f"{root}/Conv"), ("last", f"{root}/Conv_1")]
    for number in range(num_blocks):
        block = f"{root}/expanded_conv" + (f"_{number}" if number else "")
        parts = ("expand", "depthwise", "project") if number else ("depthwise", "project")
        names += [(f"blocks.{number}.{part}", f"{block}/{part}") for part in parts]
    for number, (squeezed, outputs) in enumerate(_EXTRA):
        before, after = (
            f"{root}/layer_19_1_Conv2d_{number + 2}_1x1_{squeezed}",
            f"{root}/layer_19_2_Conv2d_{number + 2}_3x3_s2_{outputs}",
        )
        theirs = (before, f"{after}_depthwise", after)
        names += [(f"extra.{number}.{part}", name) for part, name in enumerate(theirs)]
    for number in range(len(ANCHORS_A_PLACE)):
        names.append((f"boxes.{number}", f"BoxPredictor_{number}/BoxEncodingPredictor"))
        names.append((f"classes.{number}", f"BoxPredictor_{number}/ClassPredictor"))
    return names


def _tensors(constants: Constants, layer: str) -> list[tuple[str, torch.Tensor]]:
    """Weight (out, in, height, width) and bias of a layer, its batch normalisation folded in."""
    if f"{layer}/biases" in constants:
        weight, bias = constants[f"{layer}/weights"].transpose(3, 2, 0, 1), constants[f"{layer}/biases"]
    else:
        is_depthwise = f"{layer}/depthwise_weights" in constants
        weight = constants[f"{layer}/depthwise_weights" if is_depthwise else f"{layer}/weights"]
        weight = weight.transpose((2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))
        gamma, beta, mean, variance = (
            constants[f"{layer}/BatchNorm/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + np.float32(_NORM_EPSILON))
        weight, bias = weight * scale[:, None, None, None], beta - mean * scale
    return [("weight", torch.from_numpy(np.array(weight))), ("bias", torch.from_numpy(np.array(bias)))]

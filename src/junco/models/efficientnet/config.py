"""The sizes of EfficientNet: one small network, made wider and deeper by factors.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from junco.models.widths import rounded


@dataclass(frozen=True, slots=True)
class StageConfig:
    """Blocks that follow each other on maps of one size.

    Attributes:
        num_blocks: how many there are.
        kernel: side of their depthwise convolutions.
        stride: of the first block's.
        expansion: how many times wider the middle is than the input.
        width: channels that each block gives.
    """

    num_blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


_SMALLEST = (
    StageConfig(1, 3, 1, 1, 16),
    StageConfig(2, 3, 2, 6, 24),
    StageConfig(2, 5, 2, 6, 40),
    StageConfig(3, 3, 2, 6, 80),
    StageConfig(3, 5, 1, 6, 112),
    StageConfig(4, 5, 2, 6, 192),
    StageConfig(1, 3, 1, 6, 320),
)


@dataclass(frozen=True, slots=True)
class EfficientNetConfig:
    """One size of EfficientNet.

    Attributes:
        width_factor: by which the smallest network's channels are multiplied, to about a multiple of 8.
        depth_factor: by which its numbers of blocks are, rounded up.
        has_same_padding: whether zeros lie where TensorFlow puts them.
        epsilon: of the normalisations.
        is_lite: whether it is for phones: without squeeze-and-excitation, with ReLU6 for SiLU, and with its first and
            last layers as in the smallest network.
        num_classes: of the classifier; 0: there is none.
    """

    width_factor: float = 1.0
    depth_factor: float = 1.0
    has_same_padding: bool = False
    epsilon: float = 1e-5
    is_lite: bool = False
    num_classes: int = 1000

    @property
    def stem_width(self) -> int:
        """Channels of the first convolution."""
        return 32 if self.is_lite else self._scaled(32)

    @property
    def dim(self) -> int:
        """How many features there are."""
        return 1280 if self.is_lite else self._scaled(1280)

    @property
    def stages(self) -> tuple[StageConfig, ...]:
        """The stages of this size."""
        last = len(_SMALLEST) - 1
        return tuple(
            replace(
                each, width=self._scaled(each.width), num_blocks=self._repeated(each, self.is_lite and i in {0, last})
            )
            for i, each in enumerate(_SMALLEST)
        )

    def _repeated(self, stage: StageConfig, is_fixed: bool) -> int:
        return stage.num_blocks if is_fixed else math.ceil(stage.num_blocks * self.depth_factor)

    def _scaled(self, width: int) -> int:
        return rounded(width * self.width_factor)


_FACTORS = {
    "efficientnet_b0": (1.0, 1.0),
    "efficientnet_b1": (1.0, 1.1),
    "efficientnet_b2": (1.1, 1.2),
    "efficientnet_b3": (1.2, 1.4),
    "efficientnet_b4": (1.4, 1.8),
    "efficientnet_b5": (1.6, 2.2),
    "efficientnet_b6": (1.8, 2.6),
    "efficientnet_b7": (2.0, 3.1),
    "efficientnet_b8": (2.2, 3.6),
}
VARIANTS = {
    **{name: EfficientNetConfig(*factors) for name, factors in _FACTORS.items()},
    **{f"tf_{name}": EfficientNetConfig(*factors, True, 1e-3) for name, factors in _FACTORS.items()},
}
"""By timm's names; those that begin with ``tf_`` are for weights that TensorFlow trained."""

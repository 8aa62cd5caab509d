"""The sizes of ConvNeXt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConvNeXtConfig:
    """One size.

    Attributes:
        depths: how many blocks each stage has.
        widths: channels of each stage.
        kernel_size: side of the depthwise convolutions.
        patch: side of a patch in pixels.
        num_classes: of the classifier; 0: there is none.
        layer_scale: the first value of the scale of each branch; ``None``: there is none.
        drop_path: how often in training a branch of the last block is left out; the others less, by their depth.
    """

    depths: tuple[int, ...]
    widths: tuple[int, ...]
    kernel_size: int = 7
    patch: int = 4
    num_classes: int = 1000
    layer_scale: float | None = 1e-6
    drop_path: float = 0.0

    def drop_path_of(self, stage: int, place: int) -> float:
        """How often a branch of a stage's block is left out in training."""
        before = sum(self.depths[:stage]) + place
        return self.drop_path * before / max(sum(self.depths) - 1, 1)


VARIANTS = {
    "convnext_tiny": ConvNeXtConfig((3, 3, 9, 3), (96, 192, 384, 768)),
    "convnext_small": ConvNeXtConfig((3, 3, 27, 3), (96, 192, 384, 768)),
    "convnext_base": ConvNeXtConfig((3, 3, 27, 3), (128, 256, 512, 1024)),
    "convnext_large": ConvNeXtConfig((3, 3, 27, 3), (192, 384, 768, 1536)),
    "convnext_xlarge": ConvNeXtConfig((3, 3, 27, 3), (256, 512, 1024, 2048)),
}
"""By timm's names."""

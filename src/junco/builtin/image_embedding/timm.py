"""``image-embedding.timm``: any model of timm by its usual name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from junco.builtin.devices import check_device, torch_device
from junco.builtin.extras import importing
from junco.builtin.image_embedding import timm_weights
from junco.builtin.image_embedding.backbone import Backbone
from junco.builtin.vectors import check_truncate_dim, finished_rows
from junco.builtin.weights import seeded
from junco.errors import ParameterError
from junco.operator.base import Hints, Operator
from junco.types import Image, Vector

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
    ) -> None:
        if not isinstance(model, str) or not model:
            raise ParameterError(f"{self.name!r}: model={model!r} must be the name of a timm model")
        self.model = model
        self.device = check_device(device, self.name)
        self.normalize = normalize
        self.truncate_dim = check_truncate_dim(truncate_dim, self.name)
        self.pretrained = pretrained
        self.seed = seed
        self._backbone: Backbone | None = None

    def open(self) -> None:
        with importing("vision", self.name):
            import timm.data
            import torch

        device = torch_device(self.device, self.name)
        recipe = timm_weights.recipe(self.model, self.pretrained, self.name)
        with seeded(self.seed):
            module = recipe.build(self.name)
        data: Any = timm.data  # its types leave out what it exports
        config = data.resolve_model_data_config(module)
        transform = data.create_transform(**config, is_training=False)
        module = module.eval().to(device, memory_format=torch.channels_last)
        resized_side = int(max(config["input_size"][1:]) / config["crop_pct"])
        self._backbone = Backbone(module, partial(_prepared, transform), _features, device, resized_side, self.name)

    def batch(self, images: Sequence[Image]) -> Sequence[Vector]:
        if not len(images):
            return []
        assert self._backbone is not None, "open() comes before batch()"
        block = self._backbone.embed(images)
        return finished_rows(block, normalize=self.normalize, truncate_dim=self.truncate_dim, owner=self.name)

    def close(self) -> None:
        self._backbone = None


def _prepared(transform: Any, pixels: Image) -> torch.Tensor:
    from PIL import Image as PilImage

    tensor: torch.Tensor = transform(PilImage.fromarray(pixels))
    return tensor


def _features(module: Any, batch: torch.Tensor) -> torch.Tensor:
    features: torch.Tensor = module.forward_head(module.forward_features(batch), pre_logits=True)
    return features

"""``image-text-embedding.transformers``: CLIP, SigLIP and their like, by their usual name or a local folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from junco.builtin.hub_model import loading
from junco.builtin.hub_model.loading import bare_network
from junco.builtin.hub_model.model import HubModel, check_model
from junco.builtin.hub_model.weights import weights_of
from junco.builtin.image_text_embedding.model import ImageTextEmbedding
from junco.builtin.image_text_embedding.two_networks import TextTokens, features_of
from junco.neural.compute import Compute
from junco.neural.golden import golden_images
from junco.neural.tokens import Tokens
from junco.operator.options import option
from junco.runtime.source import Arrays, Input, Source

_PIXELS = "pixel_values"


class TransformersImageText(ImageTextEmbedding, family="image-text-embedding", name="transformers"):
    """Embeds pictures and texts with a model of transformers: CLIP, SigLIP, SigLIP 2, Chinese-CLIP, ALIGN …

    Vectors are what the model's ``get_image_features`` and ``get_text_features`` give, of pictures prepared by its own
    image processor and texts read by its own tokenizer, to the model's length. Compare them by their cosine. Code from
    model repositories never runs.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
        modality: what items are: ``image`` (pixels, a video frame) or ``text``.
        runtime: ``auto``, ``torch``, ``openvino`` or ``onnxruntime``; models whose pictures keep their shape (SigLIP 2
            "naflex") run in ``torch``.
    """

    model: str | Path = option("openai/clip-vit-base-patch32", check=check_model)

    packages = dict.fromkeys(("torch", "transformers"), "image-text")

    def fetch(self) -> None:
        super().fetch()
        self._folder  # noqa: B018  # brings it

    def close(self) -> None:
        super().close()
        for name in ("_processor", "_reader"):
            self.__dict__.pop(name, None)

    def files(self) -> Iterable[Path]:
        return loading.files(self._folder)

    @cached_property
    def compute(self) -> Compute:
        """Torch, where a picture is more than an array of one shape."""
        if self.modality == "text" or self._picture_inputs == (_PIXELS,) or self.runtime == "torch":
            return super().compute
        return super().compute.in_torch(f"{self.model!s}, whose pictures keep their shape")

    def model_options(self) -> dict[str, Any]:
        """None: weights and recipe tell models apart, by whatever name they came."""
        return {}

    def source(self) -> Source:
        """By the files, unread: all that decides vectors of either kind."""
        return Source(
            build=lambda: features_of(self._folder, self.modality, self._inputs_named, self.name),
            weights=weights_of(self._folder),
            recipe=f"sha256 {loading.told_sha256(self._folder)}, features of its own heads",
            inputs=self._told_inputs,
            packages=("transformers",),
            network="model",
        )

    def skeleton(self) -> Source:
        """By the configuration."""
        folder, names = self._folder, self._inputs_named
        return Source(
            build=lambda: features_of(folder, self.modality, names, self.name, bare_network),
            inputs=self._told_inputs,
            network="model",
        )

    @property
    def _inputs_named(self) -> tuple[str, ...]:
        """What goes into the model, by its own names."""
        return self._picture_inputs if self.modality == "image" else self._reader.inputs

    @property
    def _told_inputs(self) -> tuple[Input, ...]:
        """Those of which more is known than the golden items show."""
        if self.modality == "text":
            length = self._reader.length if self._reader.is_padded else None
            return tuple(Input(name, "int64", (None, length)) for name in self._reader.inputs)
        if self._picture_inputs == (_PIXELS,):
            return ()
        made = self.prepare(golden_images()[-1:])  # more than one array: each by its name, as masks are told
        named = zip(self._picture_inputs, made, strict=True)
        return tuple(Input(name, str(array.dtype), (None, *array.shape[1:])) for name, array in named)

    def prepare(self, items: Sequence[Any]) -> Arrays:
        if self.modality == "text":
            return self._reader.arrays(items)
        own = [np.require(image, requirements="W") for image in items]  # torch takes no array that it may not write
        made = self._processor(images=own, return_tensors="np", input_data_format="channels_last")
        return tuple(np.asarray(made[name]) for name in self._picture_inputs)

    def tokens(self, texts: Sequence[str]) -> Tokens:
        return self._reader.tokens(texts)

    @cached_property
    def _folder(self) -> Path:
        return HubModel.of(self.model, self.name).folder()

    @cached_property
    def _processor(self) -> Any:
        return loading.image_processor(self._folder)

    @cached_property
    def _picture_inputs(self) -> tuple[str, ...]:
        """What the processor makes of a picture, by the names that the model has for it."""
        made = self._processor(images=golden_images()[-1:], return_tensors="np", input_data_format="channels_last")
        return tuple(made.keys())

    @cached_property
    def _reader(self) -> TextTokens:
        return TextTokens.of(self._folder)

"""``object-detection.transformers``: any detector of transformers, by its usual name or a local folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.hub_model import loading
from junco.builtin.hub_model.model import HubModel, check_model
from junco.builtin.hub_model.weights import weights_of
from junco.builtin.object_detection import detector_folder
from junco.builtin.object_detection.detector import Detector, Found
from junco.errors import ParameterError
from junco.neural.compute import Compute
from junco.neural.golden import golden_images
from junco.operator.options import option
from junco.runtime.source import Input, Source
from junco.types import Image, Vectors

_GOLDEN_SIDE = 64


class TransformersDetection(Detector, family="object-detection", name="transformers"):
    """Finds objects with a detector of transformers: RT-DETR, D-FINE, DETR, YOLOS, RF-DETR, OWLv2 …

    Pictures are prepared, and boxes read, by the model's own image processor. Models that look for `texts` (OWL-ViT,
    OWLv2) find what these say, and label boxes with them. Code from model repositories never runs.

    A model whose pictures keep their shape (DETR, YOLOS) is run by torch, one picture at a time; those that make all
    pictures one size have every runtime.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
        texts: what to look for, with a model that is told it: ``("a cat", "a red car")``.
    """

    model: str | Path = option("PekingU/rtdetr_v2_r18vd", check=check_model)
    texts: tuple[str, ...] = ()

    packages = {"transformers": "video"}

    def check_options(self) -> None:
        if any(not text.strip() for text in self.texts):
            raise ParameterError(f"{self.name!r}: texts={self.texts!r}: an empty text names nothing")

    def fetch(self) -> None:
        super().fetch()
        self._folder  # noqa: B018  # brings it
        self._config.check_texts(self.texts, self.name)
        self.check_labels(self.texts or self._config.labels)

    def files(self) -> Iterable[Path]:
        return loading.files(self._folder)

    def open(self) -> None:
        self.fetch()
        super().open()

    @cached_property
    def compute(self) -> Compute:
        """Torch, where pictures differ in shape: golden items of one shape would say nothing of conversions there."""
        if self._config.has_one_size or self.runtime == "torch":
            return super().compute
        return super().compute.in_torch(f"{self.model!s}, whose pictures keep their shape")

    def model_options(self) -> dict[str, Any]:
        """What is looked for: weights and recipe tell models apart."""
        return {"texts": list(self.texts)} if self.texts else {}

    def source(self) -> Source:
        return Source(
            build=self._network,
            weights=weights_of(self._folder),
            recipe=f"{self._config.sha256}, logits and boxes",
            inputs=() if self._config.has_one_size else (Input("pixels", "float32", (1, 3, None, None)),),
            packages=("transformers",),
        )

    def golden(self) -> list[Image]:
        """Where pictures keep their shape, of one size, so that they are one pass."""
        if self._config.has_one_size:
            return golden_images()
        return [np.ascontiguousarray(image[:_GOLDEN_SIDE, :_GOLDEN_SIDE]) for image in golden_images()]

    def prepare(self, images: Sequence[Image]) -> npt.NDArray[np.float32]:
        own = [np.require(image, requirements="W") for image in images]  # torch takes no array that it may not write
        made = self._processor(images=own, return_tensors="np", input_data_format="channels_last")
        return np.asarray(made["pixel_values"], np.float32)

    def found(self, numbers: Vectors, images: Sequence[Image]) -> list[Found]:
        import torch

        width = 4 + self._num_classes(numbers.shape[1])
        rows = torch.from_numpy(numbers).reshape(len(numbers), -1, width)
        outputs = SimpleNamespace(logits=rows[..., :-4], pred_boxes=rows[..., -4:])
        sizes = torch.tensor([image.shape[:2] for image in images])
        read = self._processor.post_process_object_detection(outputs, threshold=self.threshold, target_sizes=sizes)
        return [self._sorted(each) for each in read]

    def _sorted(self, read: dict[str, Any]) -> Found:
        """Best first, with the labels' names."""
        scores = read["scores"].numpy()
        best = np.argsort(-scores, kind="stable")
        names = self.texts or self._config.labels
        labels = [names[number] for number in read["labels"].numpy()[best].tolist()]
        return Found(read["boxes"].numpy()[best], scores[best], labels)

    def _num_classes(self, dim: int) -> int:
        """Logits of each box; one of them may say that nothing is there."""
        return len(self.texts) or self._config.num_classes(dim, self.name)

    @cached_property
    def _folder(self) -> Path:
        return HubModel.of(self.model, self.name).folder()

    @cached_property
    def _config(self) -> detector_folder.Config:
        return detector_folder.Config.of(self._folder)

    @cached_property
    def _processor(self) -> Any:
        return loading.image_processor(self._folder)

    def _network(self) -> Any:
        return detector_folder.network(self._folder, self.texts, self.name)

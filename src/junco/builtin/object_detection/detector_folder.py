"""Detectors as transformers saves them: what their folder says of them, and how they are loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from junco.builtin.hub_model.files import read_json
from junco.builtin.hub_model.loading import loaded, loaded_network, processor_file
from junco.builtin.hub_model.model import CONFIG
from junco.errors import ParameterError

_NUM_BOXES = ("num_queries", "num_detection_tokens", "two_stage_num_proposals")
"""In which key of a config a model says how many boxes it gives."""
_WITH_TEXTS = ("owlv2", "owlvit")
"""Kinds of model that look for what texts say."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a folder says of its model.

    Attributes:
        path: of its config.
        told: what stands there.
        processor: what stands in its processor's config.
        sha256: of both.
    """

    path: Path
    told: dict[str, Any]
    processor: dict[str, Any]
    sha256: str

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read it.

        Raises:
            ParameterError: a file is missing or damaged; with its path.
        """
        paths = [folder / CONFIG, processor_file(folder)]
        told, processor = (read_json(path) for path in paths)
        content = b"".join(path.read_bytes() for path in paths)
        return cls(paths[0], told, processor.get("image_processor", processor), hashlib.sha256(content).hexdigest())

    @property
    def kind(self) -> str:
        """The architecture, as transformers calls it."""
        return str(self.told.get("model_type", ""))

    @property
    def labels(self) -> list[str]:
        """The names of its classes, by their numbers."""
        names = self.told.get("id2label") or {
            str(at): f"LABEL_{at}" for at in range(int(self.told.get("num_labels", 2)))
        }
        return [str(names[key]) for key in sorted(names, key=int)]

    @property
    def has_one_size(self) -> bool:
        """Whether every picture is made one size; else it keeps its shape."""
        size = self.processor.get("size") or {}
        return self.processor.get("do_resize", True) and set(size) == {"height", "width"}

    def check_texts(self, texts: Sequence[str], owner: str) -> None:
        """Refuse texts for a model that is told none, and none for one that is.

        Raises:
            ParameterError: with what to do.
        """
        if self.kind in _WITH_TEXTS and not texts:
            raise ParameterError(
                f"{owner!r}: a model of the kind {self.kind!r} looks for texts: give texts=('a cat', …)"
            )
        if self.kind not in _WITH_TEXTS and texts:
            kinds = " and ".join(_WITH_TEXTS)
            raise ParameterError(
                f"{owner!r}: only models of the kinds {kinds} look for texts, and this is a {self.kind!r}, which finds "
                "its own classes: choose among them with labels="
            )

    def num_classes(self, dim: int, owner: str) -> int:
        """How many logits each box has, of a model that gives ``dim`` numbers for a picture.

        Raises:
            ParameterError: nothing says how many boxes there are.
        """
        for key in _NUM_BOXES:
            if (num_boxes := self.told.get(key)) and dim % num_boxes == 0:
                return int(dim // num_boxes) - 4
        fits = [num for num in (len(self.labels), len(self.labels) + 1) if dim % (num + 4) == 0]
        if len(fits) != 1:
            raise ParameterError(f"{owner!r}: {str(self.path)!r} does not say how many boxes its model gives")
        return fits[0]


def network(folder: Path, texts: Sequence[str], owner: str) -> Any:
    """A module: prepared pixels (n, 3, height, width) → for each box its logits, and middle and size in shares.

    Raises:
        ParameterError: the model gives no logits and boxes.
    """
    import torch
    from transformers import AutoModelForObjectDetection, AutoModelForZeroShotObjectDetection, AutoProcessor

    kind: Any = AutoModelForZeroShotObjectDetection if texts else AutoModelForObjectDetection
    model = loaded_network(folder, kind)
    told = loaded(folder, AutoProcessor)(text=[list(texts)], return_tensors="pt") if texts else {}

    class Numbers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            for name, tensor in told.items():
                self.register_buffer(name, tensor)

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            words = {name: getattr(self, name).repeat(len(pixels), 1) for name in told}
            made = self.model(pixel_values=pixels, **words)
            if not hasattr(made, "logits") or not hasattr(made, "pred_boxes"):
                raise ParameterError(f"{owner!r}: a {type(model).__name__} gives no logits and boxes")
            return torch.cat([made.logits, made.pred_boxes], dim=-1).flatten(1)

    return Numbers().eval()

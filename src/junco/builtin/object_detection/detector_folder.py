"""Folders with detectors as transformers saves them: what is in them, and how they are brought and loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from junco.builtin.hugging_face import cached_file, check_reachable, unavailable
from junco.builtin.model_files import check_folder, check_safetensors, damaged, is_path, read_json, shards_of
from junco.builtin.text_embedding.library import without_progress_bars
from junco.errors import ParameterError

CONFIG, PROCESSOR, WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
_INDEX = f"{WEIGHTS}.index.json"
_INSTEAD = "give the path of a folder that holds a model"
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
        paths = [folder / CONFIG, _processor_file(folder)]
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


def fetch(model: str | Path, owner: str) -> None:
    """Bring a model into the cache, if it is not there, or refuse a folder that is none.

    Raises:
        ParameterError: there is no such folder.
        UnavailableError: it is not in the cache and cannot be fetched.
    """
    name = str(model)
    if isinstance(model, Path) or is_path(name):
        check_folder(Path(name), name, owner)
    if _found(name) is not None:
        return
    check_reachable(name, owner, _INSTEAD)
    from huggingface_hub import snapshot_download

    repository, _, revision = name.partition("@")
    try:
        patterns = ["*.json", "*.safetensors", "*.txt", "*.model"]
        snapshot_download(repository, revision=revision or None, allow_patterns=patterns)
    except (OSError, ValueError) as error:
        raise unavailable(name, owner, error, _INSTEAD) from error


def folder_of(model: str | Path, owner: str) -> Path:
    """Where a model's files lie.

    Raises:
        UnavailableError: it was not fetched.
    """
    folder = _found(str(model))
    if folder is None:
        raise unavailable(str(model), owner, "it was not fetched", _INSTEAD)
    return folder


def weights(folder: Path) -> list[Path]:
    """The files with its weights.

    Raises:
        ParameterError: they are not there, or damaged.
    """
    index = folder / _INDEX
    found = shards_of(index) if index.is_file() else [folder / WEIGHTS]
    if not found[0].is_file():
        raise damaged(found[0], "it is missing; weights in other forms than safetensors are not read")
    for path in found:
        check_safetensors(path)
    return found


def files(folder: Path) -> list[Path]:
    """All that decides what the model gives."""
    told = [
        folder / CONFIG,
        _processor_file(folder),
        *sorted(folder.glob("token*.json")),
        *sorted(folder.glob("*.txt")),
    ]
    return [*told, *weights(folder)]


def image_processor(folder: Path) -> Any:
    """What prepares pictures, and reads boxes."""
    from transformers import AutoImageProcessor

    return _loaded(folder, AutoImageProcessor)


def network(folder: Path, texts: Sequence[str], owner: str) -> Any:
    """A module: prepared pixels (n, 3, height, width) → for each box its logits, and middle and size in shares.

    Raises:
        ParameterError: the model gives no logits and boxes.
    """
    import torch
    from transformers import AutoModelForObjectDetection, AutoModelForZeroShotObjectDetection, AutoProcessor

    kind: Any = AutoModelForZeroShotObjectDetection if texts else AutoModelForObjectDetection
    with without_progress_bars():
        model, found = _loaded(folder, kind, dtype=torch.float32, output_loading_info=True)
    if missing := sorted(found["missing_keys"]):  # transformers draws these at random, and only logs it
        raise damaged(folder, f"it holds no weights for {', '.join(missing[:3])}")
    told = _loaded(folder, AutoProcessor)(text=[list(texts)], return_tensors="pt") if texts else {}

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


def _loaded(folder: Path, kind: Any, **how: Any) -> Any:
    """By one of transformers' loaders, from the folder's files alone."""
    try:
        return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise damaged(folder, error) from error


def _processor_file(folder: Path) -> Path:
    """The file with the image processor's options, whichever of its two names it has."""
    named = folder / PROCESSOR
    return (
        named
        if named.is_file() or not (folder / "processor_config.json").is_file()
        else folder / "processor_config.json"
    )


def _found(model: str) -> Path | None:
    if Path(model).is_dir():
        return Path(model)
    found = [cached_file(model, name) for name in (CONFIG, WEIGHTS)]
    if found[1] is None:
        found[1] = cached_file(model, _INDEX)
    return found[0].parent if found[0] is not None and found[1] is not None else None

"""A model of sentence-transformers by its name on the hub or its folder: where its files lie, how they get there."""

from __future__ import annotations

from pathlib import Path

from junco.builtin.hugging_face import cached_file, check_reachable, is_settled, unavailable
from junco.builtin.text_embedding.library import INSTEAD


def fetched(model: str, owner: str) -> None:
    """Bring a model into the cache, without the forms of its weights that are not read."""
    check_reachable(model, owner, INSTEAD)
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(_repository(model), ignore_patterns=["onnx/*", "openvino/*", "*.bin", "*.h5", "*.ot"])
    except (OSError, ValueError) as error:
        raise unavailable(model, owner, error, INSTEAD) from error


def _repository(model: str) -> str:
    return model if "/" in model else f"sentence-transformers/{model}"


def folder_of(model: str) -> Path | None:
    """Where the model's files lie: the folder itself, or the one in the cache."""
    if Path(model).is_dir():
        return Path(model)
    config = cached_file(_repository(model), "config.json")
    modules = cached_file(_repository(model), "modules.json")
    return (modules or config).parent if modules or config else None  # type: ignore[union-attr]


def label_of(model: str) -> str:
    """What people call it."""
    return f"the folder {Path(model).name}" if Path(model).is_dir() else model


def is_cached(model: str) -> bool:
    """Whether the cache holds the model as sentence-transformers reads it.

    The list of modules is asked for, not the weights: where another library cached these alone, the library would
    guess the pooling, and the vectors would be of another space.
    """
    repository = _repository(model)
    return is_settled(repository, "modules.json") and cached_file(repository, "config.json") is not None

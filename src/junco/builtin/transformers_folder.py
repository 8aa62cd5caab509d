"""Folders with models as transformers saves them, or the cache's of the hub: how they are brought, what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junco.builtin.hugging_face import cached_file, check_reachable, unavailable
from junco.builtin.model_files import check_folder, check_safetensors, damaged, is_path, shards_of
from junco.builtin.text_embedding.library import without_progress_bars

CONFIG, PROCESSOR, WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
_INDEX = f"{WEIGHTS}.index.json"
_INSTEAD = "give the path of a folder that holds a model"


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
        processor_file(folder),
        *sorted(folder.glob("token*.json")),
        *sorted(folder.glob("*.txt")),
    ]
    return [*told, *weights(folder)]


def image_processor(folder: Path) -> Any:
    """What prepares pictures, and reads what comes out."""
    from transformers import AutoImageProcessor

    return loaded(folder, AutoImageProcessor)


def loaded(folder: Path, kind: Any, **how: Any) -> Any:
    """By one of transformers' loaders, from the folder's files alone; code from model repositories never runs.

    Raises:
        ParameterError: the files are damaged, or do not fit; with the folder.
    """
    try:
        return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **how)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise damaged(folder, error) from error


def processor_file(folder: Path) -> Path:
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


def loaded_network(folder: Path, kind: Any) -> Any:
    """A model in float32 on the CPU.

    Raises:
        ParameterError: it cannot be read, or some of its weights are missing.
    """
    import torch

    with without_progress_bars():
        model, found = loaded(folder, kind, dtype=torch.float32, output_loading_info=True)
    if missing := sorted(found["missing_keys"]):  # transformers draws these at random, and only logs it
        raise damaged(folder, f"it holds no weights for {', '.join(missing[:3])}")
    return model.eval()

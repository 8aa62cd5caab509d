"""The files of an audio model of transformers: in a folder, or in the Hugging Face cache under its usual name."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from junco.builtin.hugging_face import fetched_file
from junco.builtin.model_files import check_files, check_folder, damaged, is_path, read_json, reason_of, shards_of
from junco.builtin.text_embedding.library import without_progress_bars
from junco.errors import JuncoError, ParameterError
from junco.memory import is_out_of_memory

CONFIG = "config.json"
EXTRACTOR = "preprocessor_config.json"
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
_INSTEAD = "give the path of a folder that holds a model"
_UNUSED = ("masked_spec_embed", "logit_scale")
"""Weights that training alone uses, or other inputs: models are saved without."""


def files_of(model: str, owner: str) -> tuple[Path, ...]:
    """Configuration, feature extractor and weights, in that order; what the cache does not have is fetched into it.

    Raises:
        ParameterError: a folder that is not there, lacks one of them, or holds a damaged one.
        UnavailableError: not in the cache, and cannot be fetched.
    """
    if is_path(model) or Path(model).is_dir():
        check_folder(Path(model), model, owner)
    told = tuple(_file(model, name, owner) for name in (CONFIG, EXTRACTOR))
    found = next((path for name in _WEIGHTS if (path := _place(model, name, owner)) is not None), None)
    if found is None:
        raise ParameterError(f"{owner!r}: model={model!r} has no weights: none of {', '.join(_WEIGHTS)}")
    weights = [found]
    if found.name.endswith(".index.json"):
        names = sorted(set(read_json(found).get("weight_map", {}).values()))
        for name in names:
            _file(model, str(name), owner)
        weights = shards_of(found)
    check_files((*told, *weights))
    return (*told, *weights)


def kind_of(config: Path) -> str:
    """The ``model_type`` that a configuration tells.

    Raises:
        ParameterError: it tells none.
    """
    kind = read_json(config).get("model_type")
    if not isinstance(kind, str):
        raise damaged(config, "it names no 'model_type'")
    return kind


def loaded_network(folder: Path, model: str, owner: str, loader: str = "AutoModel") -> Any:
    """The model with its weights in float32, on the CPU; code from model repositories never runs.

    Args:
        folder: where its files are.
        model: as the user named it, for messages.
        owner: the operator's name.
        loader: the class of transformers that reads it.

    Raises:
        ParameterError: transformers cannot read it, or some of its weights are missing.
    """
    import torch
    import transformers

    network, told = _read(
        getattr(transformers, loader), folder, model, owner, dtype=torch.float32, output_loading_info=True
    )
    missing = sorted(key for key in told["missing_keys"] if not key.endswith(_UNUSED))
    if missing:
        raise ParameterError(
            f"{owner!r}: model={model!r} lacks {len(missing)} of its weights, {missing[0]!r} among them: it was saved "
            "for something else, or in part"
        )
    return network.eval()


def loaded_extractor(folder: Path, model: str, owner: str) -> Any:
    """The model's own feature extractor.

    Raises:
        ParameterError: transformers cannot read it.
    """
    from transformers import AutoFeatureExtractor

    with warnings.catch_warnings():  # the library says so of AST's own filters too
        warnings.filterwarnings("ignore", "At least one mel filter has all zero values", UserWarning)
        return _read(AutoFeatureExtractor, folder, model, owner)


def _read(kind: Any, folder: Path, model: str, owner: str, **given: Any) -> Any:
    try:
        with without_progress_bars():
            return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **given)
    except JuncoError:
        raise
    except Exception as error:  # a library may fail in any way on files from elsewhere
        if is_out_of_memory(error):
            raise
        raise ParameterError(
            f"{owner!r}: transformers cannot read model={model!r} as a model of sound: {reason_of(error)}"
        ) from error


def _file(model: str, name: str, owner: str) -> Path:
    path = _place(model, name, owner)
    if path is None:
        raise ParameterError(
            f"{owner!r}: model={model!r} has no {name}: it is no model of sound as transformers saves it"
        )
    return path


def _place(model: str, name: str, owner: str) -> Path | None:
    if is_path(model) or Path(model).is_dir():
        path = Path(model) / name
        return path if path.is_file() else None
    return fetched_file(model, name, owner, _INSTEAD)

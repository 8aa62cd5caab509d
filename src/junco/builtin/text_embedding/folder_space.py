"""The space of a text model by its folder; the model is not loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junco.builtin.json_file import read_json
from junco.builtin.text_embedding.model_folder import (
    max_tokens_of,
    modules_of,
    pooling_of,
    prompts_of,
    settings_of,
    weights_of,
)
from junco.neural.weights import weights_by_sha256
from junco.types import Space

_NO_MATTER = re.compile(
    r"_.*|architectures|transformers_version|torch_dtype|dtype|use_cache|gradient_checkpointing|initializer_range"
    r"|.*dropout.*|output_.*|return_dict|tie_word_embeddings|id2label|label2id"
)
"""Keys of a network's configuration that training or bookkeeping reads, and no forward pass."""
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model")


def folder_space(folder: Path, label: str) -> Space | None:
    """The space of the folder's model before its prompt; ``None`` where it holds something else than is known."""
    modules = modules_of(folder)
    if not modules or modules[0][0] != "Transformer":
        return None
    parts = _network(modules[0][1])
    normalized = False
    others = []
    for kind, path in modules[1:]:
        config = read_json(path / "config.json")
        if kind == "Normalize":
            normalized = True
        elif kind == "Pooling":
            parts["pooling"], parts["dim"] = pooling_of(path), _width(config)
        else:
            others.append({"kind": kind, "config": config, "weights": _weights(path)})
            parts["dim"] = config.get("out_features", parts.get("dim"))
    parts |= {"layers after pooling": others} if others else {}
    return Space({**parts, "normalize": normalized}, label) if parts["weights"] else None


def convention_of(folder: Path) -> dict[str, str]:
    """The model's own prompts by the roles that they are for, the empty ones left out."""
    prompts, default = prompts_of(folder)
    said = {name: prompt for name, prompt in prompts.items() if prompt}
    return {**said, "by default": said[default]} if default in said else said


def _network(folder: Path) -> dict[str, Any]:
    config = read_json(folder / "config.json")
    tokenizer = [folder / name for name in _TOKENIZERS if (folder / name).exists()][:1]
    return {
        "weights": _weights(folder),
        "network": {key: value for key, value in config.items() if not _NO_MATTER.fullmatch(key)},
        "tokenizer": weights_by_sha256(*tokenizer) if tokenizer else None,
        "max_tokens": max_tokens_of(folder),
        **({"lower_case": True} if settings_of(folder).get("do_lower_case") else {}),
        "pooling": "mean",
        "dim": config.get("hidden_size"),
    }


def _weights(folder: Path) -> str | None:
    files = weights_of(folder)
    return weights_by_sha256(*files) if files else None


def _width(config: Mapping[str, Any]) -> int | None:
    width = config.get("word_embedding_dimension", config.get("embedding_dimension"))
    return width if isinstance(width, int) else None

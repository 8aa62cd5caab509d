"""The space of a text model by its folder; the model is not loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from junco.builtin.hub_model.files import count_of, read_json
from junco.builtin.hub_model.model import CONFIG
from junco.builtin.hub_model.weights import found_weights
from junco.builtin.sentence_transformers.folder import (
    config_of,
    is_adapted,
    is_lowered,
    is_normalize,
    leaves_prompt_out,
    max_tokens_of,
    modules_of,
    poolings_of,
    prompts_of,
    unusual_settings,
    width_of,
)
from junco.neural.weights import weights_by_sha256
from junco.types import Space

_NO_MATTER = re.compile(
    r"_.*|architectures|transformers_version|torch_dtype|dtype|use_cache|gradient_checkpointing|initializer_range"
    r"|.*dropout.*|output_.*|return_dict|tie_word_embeddings|id2label|label2id"
)
"""Keys of a network's configuration that training or bookkeeping reads, and no forward pass."""
_TOKENIZER_RULES = ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "truncation_side")
"""What the library's tokenizer takes from its configuration, whatever the tokenizer's own file says."""
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model")


def folder_space(folder: Path, label: str) -> Space | None:
    """The space of the folder's model before its prompt; ``None`` where it holds something else than is known.

    Raises:
        ParameterError: a file is damaged.
    """
    modules = modules_of(folder)
    if not modules or modules[0][0] != "Transformer" or is_adapted(folder):
        return None
    parts = _network(modules[0][1])
    others = []
    while len(modules) > 1 and is_normalize(*modules[-1]):
        modules, parts["normalize"] = modules[:-1], True
    for kind, path in modules[1:]:
        config = read_json(path / CONFIG)
        if kind == "Pooling":
            parts |= _pooling(folder, path, parts["dim"])
        else:
            others.append({"kind": kind, "config": config, "weights": _weights(path)})
            parts["dim"] = count_of(config, "out_features", path / CONFIG) or parts["dim"]
    parts |= {"layers after pooling": others} if others else {}
    return Space(parts, label) if parts["weights"] else None


def _pooling(folder: Path, module: Path, width: int | None) -> dict[str, Any]:
    poolings, width = poolings_of(folder, module), width or width_of(module)
    prompt = {"prompt in pooling": False} if leaves_prompt_out(module) else {}
    return {"pooling": " + ".join(poolings), "dim": width and width * len(poolings), **prompt}


def convention_of(folder: Path) -> dict[str, str]:
    """The model's own prompts by the roles that they are for, the empty ones left out."""
    prompts, default = prompts_of(folder)
    said = {name: prompt for name, prompt in prompts.items() if prompt}
    return {**said, "by default": said[default]} if default in said else said


def _network(folder: Path) -> dict[str, Any]:
    config = config_of(folder)
    tokenizer = [folder / name for name in _TOKENIZERS if (folder / name).exists()][:1]
    told, settings = read_json(folder / "tokenizer_config.json"), unusual_settings(folder)
    rules = {name: told[name] for name in _TOKENIZER_RULES if told.get(name) not in (None, "right")}
    return {
        "weights": _weights(folder),
        "network": {key: value for key, value in config.items() if not _NO_MATTER.fullmatch(key)},
        "tokenizer": weights_by_sha256(*tokenizer) if tokenizer else None,
        **({"tokenizer rules": rules} if rules else {}),
        "max_tokens": max_tokens_of(folder),
        **({"lower_case": True} if is_lowered(folder) else {}),
        **({"settings": settings} if settings else {}),
        "pooling": "mean",
        "dim": config.get("hidden_size"),
        "normalize": False,
    }


def _weights(folder: Path) -> str | None:
    files = found_weights(folder)
    return weights_by_sha256(*files) if files else None

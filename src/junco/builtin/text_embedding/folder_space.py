"""The space of a text model by its folder, as sentence-transformers lays it out; the model is not loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junco.builtin.spaces import read_json, weights_by_sha256
from junco.types import Space

_NO_MATTER = re.compile(
    r"_.*|architectures|transformers_version|torch_dtype|dtype|use_cache|gradient_checkpointing|initializer_range"
    r"|.*dropout.*|output_.*|return_dict|tie_word_embeddings|id2label|label2id"
)
"""Keys of a network's configuration that training or bookkeeping reads, and no forward pass."""
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model")
_CARD_CHARACTERS = 100_000
_SETTINGS = ("sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlm-roberta_config.json")


def folder_space(folder: Path, label: str) -> Space | None:
    """The space of the folder's model before its prompt; ``None`` where it holds something else than is known."""
    modules = [(module["type"].rpartition(".")[2], folder / module["path"]) for module in _modules(folder)]
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
            parts["pooling"], parts["dim"] = _pooling(config), _width(config)
        else:
            others.append({"kind": kind, "config": config, "weights": _weights(path)})
            parts["dim"] = config.get("out_features", parts.get("dim"))
    parts |= {"layers after pooling": others} if others else {}
    return Space({**parts, "normalize": normalized}, label) if parts["weights"] else None


def convention_of(folder: Path) -> dict[str, str]:
    """The model's own prompts by the roles that they are for, the empty ones left out."""
    config = read_json(folder / "config_sentence_transformers.json")
    prompts: Mapping[str, str] = config.get("prompts") or {}
    said = {name: prompt for name, prompt in prompts.items() if prompt}
    default = said.get(config.get("default_prompt_name") or "")
    return {**said, "by default": default} if default else said


def is_matryoshka(folder: Path) -> bool:
    """Whether the model's card says that it was trained to have its vectors truncated."""
    card = folder / "README.md"
    return card.exists() and "matryoshka" in card.read_text("utf-8", "replace")[:_CARD_CHARACTERS].lower()


def _modules(folder: Path) -> list[dict[str, Any]]:
    """The list of modules; without one the library takes the mean over a transformer's tokens."""
    if (folder / "modules.json").exists():
        return list(read_json(folder / "modules.json"))
    if not (folder / "config.json").exists():
        return []
    return [{"type": "Transformer", "path": ""}, {"type": "Pooling", "path": "1_Pooling"}]


def _network(folder: Path) -> dict[str, Any]:
    config = read_json(folder / "config.json")
    settings: dict[str, Any] = next((read_json(folder / name) for name in _SETTINGS if (folder / name).exists()), {})
    tokenizer = [folder / name for name in _TOKENIZERS if (folder / name).exists()][:1]
    asked = read_json(folder / "tokenizer_config.json").get("model_max_length")
    most = [n for n in (asked, config.get("max_position_embeddings")) if isinstance(n, int)]
    return {
        "weights": _weights(folder),
        "network": {key: value for key, value in config.items() if not _NO_MATTER.fullmatch(key)},
        "tokenizer": weights_by_sha256(*tokenizer) if tokenizer else None,
        "max_tokens": settings.get("max_seq_length") or min(most, default=None),
        **({"lower_case": True} if settings.get("do_lower_case") else {}),
        "pooling": "mean",
        "dim": config.get("hidden_size"),
    }


def _weights(folder: Path) -> str | None:
    for pattern in ("model*.safetensors", "pytorch_model*.bin"):
        if files := sorted(folder.glob(pattern)):
            return weights_by_sha256(*files)
    return None


def _pooling(config: Mapping[str, Any]) -> str:
    if isinstance(mode := config.get("pooling_mode"), str):
        return mode
    modes = [key.removeprefix("pooling_mode_") for key, is_on in config.items() if is_on and key.startswith("pooling_")]
    return " + ".join(mode.removesuffix("_tokens").removesuffix("_token") for mode in modes) or "mean"


def _width(config: Mapping[str, Any]) -> int | None:
    width = config.get("word_embedding_dimension", config.get("embedding_dimension"))
    return width if isinstance(width, int) else None

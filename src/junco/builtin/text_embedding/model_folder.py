"""A text model's folder as sentence-transformers lays it out: what its files say, before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junco.builtin.json_file import read_json

_CARD_CHARACTERS = 100_000
_READ = ("*.json", "*.txt", "*.model")
_SETTINGS = ("sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlm-roberta_config.json")


def modules_of(folder: Path) -> list[tuple[str, Path]]:
    """Kind and folder of each of its modules; without a list the library takes the mean over a transformer's tokens."""
    if (folder / "modules.json").exists():
        return [(each["type"].rpartition(".")[2], folder / each["path"]) for each in read_json(folder / "modules.json")]
    if not (folder / "config.json").exists():
        return []
    return [("Transformer", folder), ("Pooling", folder / "1_Pooling")]


def settings_of(network: Path) -> dict[str, Any]:
    """What the library was told of a transformer besides the transformer's own configuration."""
    return next((read_json(network / name) for name in _SETTINGS if (network / name).exists()), {})


def max_tokens_of(network: Path) -> int | None:
    """Tokens after which a transformer's texts are cut off."""
    asked = read_json(network / "tokenizer_config.json").get("model_max_length")
    most = [n for n in (asked, read_json(network / "config.json").get("max_position_embeddings")) if isinstance(n, int)]
    return settings_of(network).get("max_seq_length") or min(most, default=None)


def weights_of(module: Path) -> list[Path]:
    """The files of a module's weights; none where it has none."""
    patterns = ("model*.safetensors", "pytorch_model*.bin")
    return next((files for pattern in patterns if (files := sorted(module.glob(pattern)))), [])


def files_of(folder: Path) -> list[Path]:
    """The files that decide the vectors: configurations, tokenizers, weights in the form that is read."""
    found = {path for place in (folder, *_folders_of(folder)) for name in _READ for path in place.glob(name)}
    weights = {path for place in (folder, *_folders_of(folder)) for path in weights_of(place)}
    return sorted(path for path in found | weights if path.is_file())


def _folders_of(folder: Path) -> list[Path]:
    return [place for _, place in modules_of(folder)]


def pooling_of(module: Path) -> str:
    """How a pooling makes one vector of the tokens': ``mean``, ``cls`` …, or several of them."""
    config: Mapping[str, Any] = read_json(module / "config.json")
    if isinstance(mode := config.get("pooling_mode"), str):
        return mode
    modes = [key.removeprefix("pooling_mode_") for key, is_on in config.items() if is_on and key.startswith("pooling_")]
    return " + ".join(mode.removesuffix("_tokens").removesuffix("_token") for mode in modes) or "mean"


def prompts_of(folder: Path) -> tuple[dict[str, str], str | None]:
    """The model's own prompts by name, and the name of the one that is put before each text, if one is."""
    config = read_json(folder / "config_sentence_transformers.json")
    return dict(config.get("prompts") or {}), config.get("default_prompt_name")


def is_matryoshka(folder: Path) -> bool:
    """Whether the model's card says that it was trained to have its vectors truncated."""
    card = folder / "README.md"
    return card.exists() and "matryoshka" in card.read_text("utf-8", "replace")[:_CARD_CHARACTERS].lower()

"""A text model's folder as sentence-transformers lays it out: what its files say, before anything is loaded.

A file that is damaged, or says something that cannot be, is refused with its path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from junco.builtin.hub_model.files import count_of, damaged, read_json, read_json_list, value_of
from junco.builtin.hub_model.model import CONFIG, MODULES
from junco.builtin.hub_model.weights import found_weights

_CARD_CHARACTERS = 100_000
_READ = ("*.json", "*.txt", "*.model", "*.jinja", "*.codes")
_NOT_READ = {"onnx", "openvino", "checkpoints", "eval", "runs"}
"""Folders in a model's folder that hold other forms of it, or what its training left."""
_SETTINGS = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
_USUAL: dict[str, Any] = {
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}
"""What a transformer that gives the states of its last layer is told by newer versions of the library."""
_POOLINGS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
"""The ways of pooling in the order in which the library joins them, with the keys of older versions."""
_LIBRARY = "sentence_transformers."
OF_LIBRARY = "config_sentence_transformers.json"
_ROLE_PROMPTS = {"query": ("query",), "document": ("document", "passage", "corpus")}
_OF_MODULE = re.compile(r"[0-9]+_[A-Z]\w*")
"""A module's own folder, ``1_Pooling``."""
_ADAPTER = "adapter_config.json"
_IN_OWN_FOLDERS = {"Transformer", "Pooling", "Normalize", "Dense"}
"""Modules all of whose files lie in the folder that the list of modules names."""


def modules_of(folder: Path) -> list[tuple[str, Path]]:
    """Kind and folder of each of its modules; without a list the library takes the mean over a transformer's tokens.

    The kind is the class's name; of a class that is not the library's own it is the whole path of it.

    Raises:
        ParameterError: the list is damaged, or missing where the library has left other files.
    """
    file = folder / MODULES
    if file.exists():
        return [_module(each, file) for each in read_json_list(file)]
    if trace := _trace_of_library(folder):
        raise damaged(file, f"it is missing, and {trace!r} beside it shows that sentence-transformers saved this model")
    if not (folder / CONFIG).exists():
        return []
    return [("Transformer", folder), ("Pooling", folder / "1_Pooling")]


def _trace_of_library(folder: Path) -> str | None:
    """What lies in a folder only where the library saved the model, besides its list of modules."""
    places = sorted(place.name for place in folder.glob("[0-9]*_*") if _OF_MODULE.fullmatch(place.name))
    return next((name for name in (*places, OF_LIBRARY, *_SETTINGS) if (folder / name).exists()), None)


def assumed_pooling(folder: Path) -> str | None:
    """How a transformer's tokens become a vector where no file says it; ``None`` where one does."""
    is_alone = not (folder / MODULES).exists() and (folder / CONFIG).exists()
    return poolings_of(folder, folder)[0] if is_alone else None


def _module(told: dict[str, Any], file: Path) -> tuple[str, Path]:
    kind, path = value_of(told, "type", str, file), value_of(told, "path", str, file)
    if kind is None or path is None:
        raise damaged(file, "each module in it must have a 'type' and a 'path'")
    place = PurePosixPath(path.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in path:
        raise damaged(file, f"it reaches for {path!r}, outside its own folder")
    return (kind.rpartition(".")[2] if kind.startswith(_LIBRARY) else kind), file.parent / place


def config_of(network: Path) -> dict[str, Any]:
    """A transformer's own configuration."""
    file = network / CONFIG
    config = read_json(file)
    value_of(config, "model_type", str, file)
    value_of(config, "pad_token_id", int, file)
    for key in ("hidden_size", "num_hidden_layers"):
        count_of(config, key, file)
    return config


def is_normalize(kind: str, module: Path) -> bool:
    """Whether a module scales the text's vector to length 1; it may be told to scale something else."""
    values = read_json(module / CONFIG).values() if kind == "Normalize" else [kind]
    return all(value in ("sentence_embedding", None) for value in values)


def settings_of(network: Path) -> dict[str, Any]:
    """What the library was told of a transformer besides the transformer's own configuration."""
    return read_json(_settings_file(network))


def _settings_file(network: Path) -> Path:
    """The first that says something, as the library reads them."""
    return next((network / name for name in _SETTINGS if read_json(network / name)), network / _SETTINGS[0])


def unusual_settings(network: Path) -> dict[str, Any]:
    """Those of the settings that make something else of a transformer than the states of its last layer."""
    told = {key: value for key, value in settings_of(network).items() if key not in ("max_seq_length", "do_lower_case")}
    return {key: value for key, value in told.items() if value not in (None, _USUAL.get(key, {}))}


def is_lowered(network: Path) -> bool:
    """Whether the library makes texts lower case before they are tokenised."""
    return bool(value_of(settings_of(network), "do_lower_case", bool, _settings_file(network)))


def max_tokens_of(network: Path) -> int | None:
    """Tokens after which a transformer's texts are cut off."""
    most = count_of(settings_of(network), "max_seq_length", _settings_file(network))
    if most is not None:
        return most
    tokenizer, config = network / "tokenizer_config.json", network / CONFIG
    asked = value_of(read_json(tokenizer), "model_max_length", (int, float), tokenizer)
    places = value_of(read_json(config), "max_position_embeddings", int, config)
    return min((n for n in (asked, places) if isinstance(n, int) and n > 0), default=None)


def is_adapted(folder: Path) -> bool:
    """Whether the weights are changed by those of an adapter, which lie beside them."""
    return any((place / _ADAPTER).exists() for place in (folder, *_folders_of(folder)))


def files_of(folder: Path) -> list[Path]:
    """The files that decide the vectors: configurations, tokenizers, weights in the form that is read."""
    if _is_usual(folder):
        found = {path for place in (folder, *_folders_of(folder)) for name in _READ for path in place.glob(name)}
        weights = {path for place in (folder, *_folders_of(folder)) for path in found_weights(place)}
        return sorted(path for path in found | weights if path.is_file())
    return sorted(path for path in folder.rglob("*") if path.is_file() and _may_be_read(path.relative_to(folder)))


def _is_usual(folder: Path) -> bool:
    """Whether each module has its files in its own folder."""
    return not is_adapted(folder) and {kind for kind, _ in modules_of(folder)} <= _IN_OWN_FOLDERS


def _may_be_read(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and not _NOT_READ & set(path.parts[:-1]) and path.suffix.lower() not in (".md", ".png", ".jpg")


def _folders_of(folder: Path) -> list[Path]:
    return [place for _, place in modules_of(folder)]


def poolings_of(folder: Path, module: Path) -> list[str]:
    """How a pooling makes a vector of the tokens', ``mean``, ``cls`` …; those of several stand side by side."""
    file = module / CONFIG
    if not (folder / MODULES).exists():
        return [_usual_pooling(folder / CONFIG)]
    config = read_json(file)
    if width_of(module) is None:
        raise damaged(file, "it must say 'embedding_dimension'" if file.exists() else "it is missing")
    mode = value_of(config, "pooling_mode", (str, list), file)
    if mode is None:
        found = [name for name, key in _POOLINGS.items() if value_of(config, key, bool, file)] or ["mean"]
    else:
        found = [str(each) for each in (mode if isinstance(mode, list) else [mode])]
    if not found or not set(found) <= _POOLINGS.keys():
        raise damaged(file, f"its 'pooling_mode' is {mode!r}, and must be of {', '.join(_POOLINGS)}")
    return found


def leaves_prompt_out(module: Path) -> bool:
    """Whether a pooling passes over the tokens of the prompt."""
    return value_of(read_json(module / CONFIG), "include_prompt", bool, module / CONFIG) is False


def _usual_pooling(config: Path) -> str:
    """What the library takes for a transformer alone: the mean, the last token of one that continues texts."""
    told = read_json(config)
    names = value_of(told, "architectures", list, config) or [""]
    is_causal = str(names[0]).endswith("ForCausalLM") and value_of(told, "is_causal", bool, config) is not False
    return "lasttoken" if is_causal else "mean"


def width_of(module: Path) -> int | None:
    """Numbers of each token's vector, as a pooling's configuration says."""
    file = module / CONFIG
    config = read_json(file)
    widths = (count_of(config, key, file) for key in ("embedding_dimension", "word_embedding_dimension"))
    return next((width for width in widths if width is not None), None)


def prompts_of(folder: Path) -> tuple[dict[str, str], str | None]:
    """The model's own prompts by name, and the name of the one that is put before each text, if one is."""
    file = folder / OF_LIBRARY
    config = read_json(file)
    prompts = value_of(config, "prompts", dict, file) or {}
    default = value_of(config, "default_prompt_name", str, file)
    found = {name: value_of(prompts, name, str, file) or "" for name in prompts}
    if default is not None and default not in (*found, "query", "document"):
        raise damaged(file, f"its 'default_prompt_name' is {default!r}, and it has no such prompt")
    return found, default


def prompt_for(prompts: Mapping[str, str], default: str | None, role: str | None, prompt: str | None) -> str:
    """What the library's ``encode``, ``encode_query`` and ``encode_document`` put before a text."""
    if prompt is not None:
        return prompt
    names = [name for name in _ROLE_PROMPTS.get(role or "", ()) if name in prompts]
    return prompts.get(names[0] if names else default or "", "")


def truncation_of(folder: Path) -> int | None:
    """How many leading numbers of a vector the model's own folder says to keep; ``None``: all."""
    return count_of(read_json(folder / OF_LIBRARY), "truncate_dim", folder / OF_LIBRARY)


def is_matryoshka(folder: Path) -> bool:
    """Whether the model's card says that it was trained to have its vectors truncated."""
    card = folder / "README.md"
    return card.exists() and "matryoshka" in card.read_text("utf-8", "replace")[:_CARD_CHARACTERS].lower()

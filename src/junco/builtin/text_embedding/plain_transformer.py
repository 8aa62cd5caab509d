"""A sentence-transformers model that is a plain encoder with a pooling, as a `Source` for `junco.runtime`."""

from __future__ import annotations

from typing import Any

from junco.builtin.text_embedding.encoder import golden_pass, pooled
from junco.builtin.weights import state_bytes, state_sha256
from junco.runtime.source import Input, Source

_NETWORKS = {"bert", "distilbert", "electra"}
"""Model types whose vectors depend on ids and mask alone, with 0 as padding."""


def source_of(model: Any, owner: str) -> tuple[Source, Any] | None:
    """The model's encoder with its pooling, and its tokenizer; ``None`` where it is more than that."""
    modules = list(model)
    kinds = [type(module).__name__ for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    pooling = modules[1].get_config_dict().get("pooling_mode")
    network = getattr(modules[0], "auto_model", None)
    tokenizer = _tokenizer(model)
    if pooling not in ("mean", "cls") or tokenizer is None or network is None:
        return None
    if network.config.model_type not in _NETWORKS or getattr(modules[0], "do_lower_case", False):
        return None
    source = Source(
        name=owner,
        weights_sha256=state_sha256(network),
        num_bytes=state_bytes(network),
        recipe=f"{network.config.to_json_string()}, {pooling}",
        build=lambda: pooled(network, pooling),
        inputs=(Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))),
        golden=golden_pass(tokenizer),
        packages=("transformers",),
    )
    return source, tokenizer


def has_normalize(model: Any) -> bool:
    """Whether the model itself scales its vectors to length 1."""
    return any(type(module).__name__ == "Normalize" for module in model)


def prompt_of(model: Any, role: str | None, prompt: str | None) -> str:
    """What the model's own ``encode``, ``encode_query`` and ``encode_document`` put before a text."""
    if prompt is not None:
        return prompt
    names = {"query": ("query",), "document": ("document", "passage", "corpus")}.get(role or "", ())
    prompts: dict[str, str] = model.prompts
    return next((prompts[name] for name in names if name in prompts), prompts.get(model.default_prompt_name, ""))


def _tokenizer(model: Any) -> Any:
    """A copy of the model's fast tokenizer that truncates as the model does, and does not pad."""
    backend: Any = getattr(model.tokenizer, "backend_tokenizer", None)
    length = model.max_seq_length
    if backend is None or not isinstance(length, int):
        return None
    tokenizer = type(backend).from_str(backend.to_str())
    tokenizer.enable_truncation(length)
    tokenizer.no_padding()
    return tokenizer

"""A folder of sentence-transformers whose model is an encoder with a pooling: all of it is read without that library.

So such a model starts as fast as its conversion loads. Whether what is read here gives the library's vectors is seen
by its owner, once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from junco.builtin.hub_model.loading import bare_network, loaded_network
from junco.builtin.hub_model.tokenizer import TOKENIZER, read_tokenizer
from junco.builtin.hub_model.weights import check_layers, found_weights
from junco.builtin.sentence_transformers.folder import (
    config_of,
    is_adapted,
    is_lowered,
    is_normalize,
    max_tokens_of,
    modules_of,
    poolings_of,
    prompt_for,
    prompts_of,
    unusual_settings,
)
from junco.neural.text_encoder import TextEncoder, golden_pass, pooled
from junco.neural.weights import weights_by_sha256
from junco.runtime.source import Compiled, Input, Source

_NETWORKS = {"bert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta"}
"""Model types whose vectors depend on ids and mask alone."""
_POOLINGS = ("mean", "cls")
_MODULES = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])


@dataclass(frozen=True, slots=True)
class PlainFolder:
    """What the files say.

    Attributes:
        network: the folder of the encoder: configuration, weights, tokenizer.
        config: the encoder's configuration.
        pooling: ``mean`` or ``cls``.
        max_tokens: of a text; the rest is cut off.
        is_scaled: whether the model itself scales its vectors to length 1.
        prompts: by name; ``default_prompt`` is the name of one, or none.
    """

    network: Path
    config: Mapping[str, Any]
    pooling: str
    max_tokens: int
    is_scaled: bool
    prompts: Mapping[str, str]
    default_prompt: str | None

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """The folder's model; ``None`` where it is more than an encoder with a pooling, or of another kind."""
        modules = modules_of(folder)
        if [kind for kind, _ in modules] not in _MODULES or not all(is_normalize(*module) for module in modules[2:]):
            return None
        network, poolings = modules[0][1], poolings_of(folder, modules[1][1])
        config, max_tokens = config_of(network), max_tokens_of(network)
        if config.get("model_type") not in _NETWORKS or len(poolings) > 1 or poolings[0] not in _POOLINGS:
            return None
        if is_lowered(network) or unusual_settings(network) or is_adapted(folder):
            return None
        if (config.get("pad_token_id") or 0) < 0:
            return None
        if max_tokens is None or not found_weights(network) or not (network / TOKENIZER).exists():
            return None
        prompts, default = prompts_of(folder)
        return cls(network, config, poolings[0], max_tokens, len(modules) == 3, prompts, default)

    @property
    def pad_id(self) -> int:
        """The token that fills up shorter texts: some networks count positions by it."""
        return self.config.get("pad_token_id") or 0

    def tokenizer(self) -> Any:
        """It truncates as the model does, and does not pad."""
        return read_tokenizer(self.network / TOKENIZER, self.max_tokens)[0]

    def source(self, owner: str, tokenizer: Any) -> Source:
        """The encoder with its pooling, not yet loaded."""
        files = found_weights(self.network)
        return Source(
            name=owner,
            weights_sha256=weights_by_sha256(*files),
            num_bytes=sum(file.stat().st_size for file in files),
            recipe=f"{json.dumps(self.config, sort_keys=True)}, {self.pooling}",
            build=self._module,
            inputs=(Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))),
            golden=golden_pass(tokenizer, self.pad_id),
            packages=("transformers",),
            network="network",
        )

    def skeleton(self, owner: str, tokenizer: Any) -> Source:
        """The same by the configuration alone."""
        return replace(self.source(owner, tokenizer), build=self._bare, weights_sha256="", num_bytes=0)

    def encoder(
        self, compiled: Compiled, tokenizer: Any, role: str | None, prompt: str | None, deterministic: bool
    ) -> TextEncoder:
        """The whole model around its compiled network."""
        return TextEncoder(
            compiled,
            tokenizer,
            self.prompt(role, prompt),
            deterministic,
            pad_id=self.pad_id,
            is_scaled=self.is_scaled,
        )

    def prompt(self, role: str | None, prompt: str | None) -> str:
        """What the library's ``encode``, ``encode_query`` and ``encode_document`` put before a text."""
        return prompt_for(self.prompts, self.default_prompt, role, prompt)

    def _bare(self) -> Any:
        from transformers import AutoModel

        return pooled(bare_network(self.network, AutoModel), self.pooling)

    def _module(self) -> Any:
        from transformers import AutoModel

        network = loaded_network(self.network, AutoModel)
        check_layers(found_weights(self.network), getattr(network.config, "num_hidden_layers", None))
        return pooled(network, self.pooling)

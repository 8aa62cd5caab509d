"""``text-embedding.sentence-transformers``: any model of sentence-transformers, by its usual name or a local folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.builtin.hub_model.model import check_model
from junco.builtin.sentence_transformers.by_library import OfLibrary, of_library
from junco.builtin.sentence_transformers.folder import (
    assumed_pooling,
    is_matryoshka,
    modules_of,
    truncation_of,
)
from junco.builtin.sentence_transformers.folder_space import convention_of, folder_space
from junco.builtin.sentence_transformers.library import GOLDEN, Library
from junco.builtin.text_embedding.model import TextEmbedding
from junco.builtin.text_embedding.plain_folder import PlainFolder
from junco.errors import ContractError, ParameterError, warn_fidelity
from junco.neural.text_encoder import TextEncoder
from junco.neural.tokens import Tokens, token_ids
from junco.neural.tuned_ends import scaled_and_cut
from junco.neural.tuned_task import task_of_texts
from junco.operator.options import option
from junco.operator.tunable import untunable
from junco.runtime.cache import Cache
from junco.runtime.certificate import agreement, least_cosine
from junco.runtime.machine import machine, versions
from junco.runtime.source import Source, weights_sha256
from junco.types import Space, Vectors

if TYPE_CHECKING:
    from junco.train.task import Side, TrainTask

_REFERENCE = ("sentence-transformers", "tokenizers", "torch", "transformers")
_LIBRARY_HAS = {
    "runtime": ("auto", "torch"),
    "deterministic": (False,),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
}
_LEAST_GOLDEN_TOKENS = 32
"""Tokens that the golden texts together have at least."""
_POOLINGS_IN_WORDS = {"mean": "their mean", "lasttoken": "the last of them"}
_IS_MORE = "it is more than an encoder with a pooling"


class SentenceTransformersEmbedding(OfLibrary, TextEmbedding, family="text-embedding", name="sentence-transformers"):
    """Embeds texts with a sentence-transformers model; code from model repositories never runs.

    Args:
        model: a name on the Hugging Face Hub (``owner/name``, or ``owner/name@revision``), read from its cache without
            a network where it is there, or a folder.
        runtime: ``auto`` (the fastest here), ``torch`` (the library's own ``encode``), ``openvino`` or ``onnxruntime``,
            these two for encoders (BERT, RoBERTa, MPNet …) with a pooling; ``auto`` takes the library for the others.
        deterministic: the same bits whatever else is in a batch; for encoders with a pooling.
    """

    model: str | Path = option("sentence-transformers/all-MiniLM-L6-v2", check=check_model)

    hints = replace(TextEmbedding.hints, thread_safe=False)

    def fetch(self) -> None:
        super().fetch()
        self._check_pooling()

    def _check_pooling(self) -> None:
        """Warn where nothing in a folder says how its model is pooled."""
        pooling = assumed_pooling(self._folder) if modules_of(self._folder) else None
        if pooling is not None:
            warn_fidelity(
                f"{self.name!r}: {self._model} has no modules.json, which says how vectors are made of a transformer's "
                f"tokens: {_POOLINGS_IN_WORDS[pooling]} is assumed"  # once a process, whoever asks
            )

    def check_truncation(self) -> None:
        """By what the folder says, which is not read where nothing is cut."""
        if self.truncate_dim is None:
            return
        space = folder_space(self._folder, "")
        dim = space.parts.get("dim") if space is not None and self.layer is None else None
        self.finish.check_truncation(self._model, dim, is_trained=is_matryoshka(self._folder))

    def open(self) -> None:
        self.fetch()
        if self.layer is not None or self.tuned is not None:
            self._encoder = self._own_encoder()
            return
        if self.compute.runtime != "torch" or self.compute.deterministic:
            self._encoder = self._certified_encoder()
        if self._encoder is None:
            self._library = self._loaded()
            if self.compute.dtype not in ("auto", "float32"):
                self._refuse_unless_usual("the library computes in float32, bfloat16 or float16")
                self._library.cast(self.compute.dtype, self.compute.accepted_cosine)

    def model_space(self) -> Space | None:
        """By the folder; its prompts for roles are one convention, so that queries and documents share a space."""
        self.fetch()
        space = folder_space(self._folder, of_library(self._model, self.name).label)
        if space is None:
            return None
        if self._own_dim is not None and self._own_dim < (space.parts.get("dim") or math.inf):
            space = space.truncated(self._own_dim, renormalize=False)
        convention = convention_of(self._folder)
        is_own = self.prompt is not None and self.prompt not in convention.values()
        return space.but(prompt=self.prompt if is_own else convention or "")

    def skeleton(self) -> Source:
        """The same by its configuration."""
        self.fetch()
        plain = self._plain()
        if plain is None:
            raise self._no_layers()
        return plain.skeleton(self.name, plain.tokenizer())

    def source(self) -> Source:
        """The folder's encoder with its pooling.

        Raises:
            ParameterError: only the library itself can run it.
        """
        self.fetch()
        plain = self._plain()
        if plain is None and self.tuned is not None:
            raise self._untunable()
        if plain is None and self.layer is not None:
            raise self._no_layers()
        if plain is None:
            raise ParameterError(f"{self.name!r}: no runtime but the library can run {self._model!r}: {_IS_MORE}")
        return plain.source(self.name, plain.tokenizer())

    def _no_layers(self) -> ParameterError:
        return ParameterError(
            f"{self.name!r}: the layers of {self._model!r} cannot be taken: {_IS_MORE}, which only its library "
            "runs: leave layer out, or take an encoder (BERT, MPNet, RoBERTa …) with mean or cls pooling"
        )

    def check_tuning(self, scope: str | tuple[str, ...] = "") -> None:
        super().check_tuning(scope)
        if self._plain() is None:
            raise self._untunable()

    def _untunable(self) -> ContractError:
        return untunable(self.name, f"{self._model!r} is run by the library itself, since {_IS_MORE}")

    def train_task(self) -> TrainTask:
        """Rows are a text's tokens, with the prompts of the model for roles."""
        self.check_tuning()
        plain = self._plain()
        assert plain is not None, "it was refused"
        tokenizer, is_ended = plain.tokenizer(), self.layer is not None or self._head_dim is not None

        def ids_of(texts: Sequence[str], side: Side) -> Sequence[Any]:
            return self.trained_ids(texts, tokenizer, plain.prompt(self.trained_role(side), self.prompt))

        is_scaled = plain.is_scaled and not is_ended
        return task_of_texts(self, ids_of, plain.pad_id, is_scaled=is_scaled, most=None if is_ended else self._own_dim)

    def before_head(self, source: Source) -> Source:
        """What the library makes of the network's numbers, on which a head was trained."""
        plain = self._plain()
        is_scaled = plain is not None and plain.is_scaled and self.layer is None
        return scaled_and_cut(source, is_scaled=is_scaled, most=self._own_dim)

    def encoded(self, texts: Sequence[str]) -> Vectors:
        if self._encoder is not None:
            return super().encoded(texts)[:, : None if self._head_dim is not None else self._own_dim]
        assert self._library is not None, "open() comes before batch()"
        if (tokens := self.tokens(texts)) is not None:
            self.checked(texts, tokens)
        return self._library.encode(texts, self.role, self.prompt)[:, : self._own_dim]

    def tokens(self, texts: Sequence[str]) -> Tokens | None:
        return super().tokens(texts) if self._library is None else self._library.tokens(texts, self.role, self.prompt)

    def _loaded(self) -> Library:
        return Library(self._model, self._folder, self.compute.device_name, self.name)

    @cached_property
    def _own_dim(self) -> int | None:
        """How many leading numbers the model's folder says to keep, where nobody else does."""
        return truncation_of(self._folder) if self.truncate_dim is None and self.layer is None else None

    def _plain(self) -> PlainFolder | None:
        return PlainFolder.of(self._folder)

    def _certified_encoder(self) -> TextEncoder | None:
        """The model in another runtime, if its vectors are those of the library; else ``None`` under ``auto``."""
        plain = self._plain()
        if plain is None:
            self._refuse_unless_usual(_IS_MORE)
            return None
        tokenizer = plain.tokenizer()
        source = plain.source(self.name, tokenizer)
        compiled = self.compute.load(source)
        if (compiled.runtime, compiled.dtype) == ("torch", "float32") and not self.compute.deterministic:
            compiled.close()
            return None
        encoder = plain.encoder(compiled, tokenizer, self.role, self.prompt, self.compute.deterministic)
        reason = self._difference(plain, source, encoder)
        if reason is None:
            return encoder
        compiled.close()
        self._refuse_unless_usual(reason)
        return None

    def _own_encoder(self) -> TextEncoder:
        """The model up to a layer, or with tuned weights, which the library itself does not give.

        Nothing scales what a layer or a head gives.
        """
        compiled = self.compute.load(self.complete_source())
        plain = self._plain()
        assert plain is not None, "source() has refused it"
        if self.layer is not None or self._head_dim is not None:
            plain = replace(plain, is_scaled=False)
        return plain.encoder(compiled, plain.tokenizer(), self.role, self.prompt, self.compute.deterministic)

    def _difference(self, plain: PlainFolder, source: Source, encoder: TextEncoder) -> str | None:
        """Why an encoder's vectors must not stand for the library's; ``None``: they may. Found once on a machine."""
        least = self.compute.least_cosine or least_cosine(self.compute.dtype)
        compiled = encoder.compiled
        told = [file for file in self.files() if file.suffix not in (".safetensors", ".bin")]
        identity = {
            **source.identity(),
            "files": weights_sha256(told, self.name),
            "prompts": [self.role, self.prompt, encoder.prompt],
            "computed": [compiled.runtime, compiled.dtype, compiled.device, self.compute.deterministic, least],
            "machine": machine(),
            "versions": versions(("junco", compiled.runtime, *_REFERENCE)),
        }
        cache, name = Cache(), f"library-{self.name}"
        found = cache.read(name, identity, _reason_in)
        if found is None:
            found = (self._seen_difference(plain, encoder, least),)
            cache.remember(name, identity, {"reason": found[0]})
        return found[0]

    def _seen_difference(self, plain: PlainFolder, encoder: TextEncoder, least: float) -> str | None:
        library = self._loaded()
        long = " ".join(GOLDEN * (1 + plain.max_tokens // _LEAST_GOLDEN_TOKENS))
        if [ids.tolist() for ids in token_ids(encoder.tokenizer, [*GOLDEN, long])] != library.token_ids(
            [*GOLDEN, long]
        ):
            return "the library makes other tokens of a text than its tokenizer.json"
        reference = partial(library.encode, role=self.role, prompt=self.prompt)
        return agreement(reference, encoder.embed, library.golden(), least).reason

    def _refuse_unless_usual(self, reason: str) -> None:
        """Say why it cannot be done, where something was asked for that the library itself does not do."""
        for name, usual in _LIBRARY_HAS.items():
            asked = getattr(self.compute, name)
            if asked not in usual:
                raise ParameterError(f"{self.name!r}: {name}={asked!r} cannot run {self._model!r}: {reason}")


def _reason_in(plain: Any) -> tuple[str | None]:
    """What was remembered of a difference."""
    reason = plain["reason"]
    if not isinstance(reason, str | None):
        raise TypeError(reason)
    return (reason,)

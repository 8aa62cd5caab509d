"""``text-embedding.onnx``: any text model in an ONNX file, with its tokenizer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from junco.builtin.hub_model.files import damaged
from junco.builtin.hub_model.tokenizer import read_tokenizer
from junco.builtin.sentence_transformers.folder import prompt_for, prompts_of
from junco.builtin.sentence_transformers.folder_space import convention_of
from junco.builtin.text_embedding.model import TextEmbedding
from junco.builtin.text_embedding.onnx_folder import OnnxFolder
from junco.builtin.text_embedding.onnx_pooled import TextOnnx
from junco.errors import ParameterError
from junco.neural.compute import Compute
from junco.neural.text_encoder import TextEncoder, golden_pass, padded
from junco.neural.weights import weights_by_sha256
from junco.operator.options import option
from junco.runtime.source import Arrays, Compiled, Input, Source
from junco.types import Space


class OnnxTextEmbedding(TextEmbedding, family="text-embedding", name="onnx"):
    """Embeds texts with a model in an ONNX file, in ONNX Runtime or OpenVINO.

    The file takes ``input_ids``, ``attention_mask`` and perhaps ``token_type_ids``, and gives a vector for each text,
    or for each token: these are pooled.

    Args:
        model: path of the file, or of a folder with ``model.onnx`` or ``onnx/model.onnx``.
        tokenizer: path of its ``tokenizer.json``; ``None`` is that beside the file or one folder up.
        pooling: of tokens' vectors: ``mean``, or ``cls``: the first token's; ``None``: as the folder says, else mean.
        max_tokens: of a text; ``None``: as the folder or the tokenizer says, else 512. The rest is cut off.
        device: ``auto`` or ``cpu``.
        runtime: ``auto`` (the fastest here), ``openvino`` or ``onnxruntime``.
    """

    model: str | Path
    tokenizer: str | Path | None = None
    pooling: Literal["mean", "cls"] | None = None
    max_tokens: int | None = option(None, least=3)

    packages = {"onnx": "onnx", "onnxruntime": "onnx", "tokenizers": "text"}
    not_tuned = "its model is an ONNX file, in which no gradient reaches the weights"
    tuned_instead = "text-embedding.minilm, text-embedding.sentence-transformers"

    def check_options(self) -> None:
        super().check_options()
        if not str(self.model):
            raise ParameterError(f"{self.name!r}: model={self.model!r} must be the path of an ONNX file or its folder")

    @cached_property
    def compute(self) -> Compute:
        """Where nothing is said, on the CPU, which is where these runtimes are."""
        device = "cpu" if self.device == "auto" else self.device
        return Compute(self.name, device, self.runtime, self.dtype, self.least_cosine, self.deterministic)

    @property
    def truncation_name(self) -> str:
        return self._place.file.name

    def fetch(self) -> None:
        super().fetch()
        self._read()

    def open(self) -> None:
        self.fetch()
        prompt = prompt_for(*prompts_of(self._place.told), self.role, self.prompt)
        compiled = self.compute.load(self.complete_source())
        tokenizer, pad_id = self._tokens
        self._check_tokens(compiled, max(tokenizer.get_vocab(False).values(), default=0))
        self._encoder = TextEncoder(compiled, tokenizer, prompt, self.deterministic, pad_id=pad_id)
        del self._tokens  # which belong to the encoder, and leave with it

    def _check_tokens(self, compiled: Compiled, last: int) -> None:
        """That the file takes every token of its tokenizer, those left out that were added to it and may not be used.

        Raises:
            ParameterError: it does not take the last one.
        """
        try:
            compiled(*padded([np.asarray([last], np.int64)]))
        except Exception as error:  # each runtime raises its own
            raise damaged(
                self._place.tokenizer, f"it does not belong to {str(self._place.file)!r}, which fails at token {last:,}"
            ) from error

    def source(self) -> Source:
        """The file, pooled, not yet loaded."""
        file, pooling = self._read()
        return Source(
            recipe=f"the ONNX file's {file.output}, pooling {pooling}",
            inputs=(Input("ids", "int64", (None, None)), Input("mask", "int64", (None, None))),
            onnx=file.ready(pooling),
            weights=file.files,
        )

    def golden_pass(self) -> Arrays:
        return golden_pass(*self._tokens)

    def files(self) -> Iterable[Path]:
        return (*self._read()[0].files, self._place.tokenizer)

    def model_space(self) -> Space:
        """By the bytes of the file and its tokenizer; the model's prompts for roles are one convention."""
        (file, pooling), place = self._read(), self._place
        convention = convention_of(place.told)
        is_own = self.prompt is not None and self.prompt not in convention.values()
        parts = {
            "weights": weights_by_sha256(*file.files),
            "tokenizer": weights_by_sha256(place.tokenizer),
            "output": file.output,
            "pooling": pooling,
            "max_tokens": self._most_tokens,
            "prompt": self.prompt if is_own else convention or "",
            "normalize": False,
        }
        return Space(parts, f"ONNX {place.file.stem}")

    @property
    def _place(self) -> OnnxFolder:
        return OnnxFolder.of(self.model, self.tokenizer, self.name)

    @property
    def _most_tokens(self) -> int:
        return self.max_tokens or self._place.max_tokens

    @cached_property
    def _tokens(self) -> tuple[Any, int]:
        """The tokenizer, and the token that fills up shorter texts."""
        return read_tokenizer(self._place.tokenizer, self._most_tokens)

    def _read(self) -> tuple[TextOnnx, str]:
        """The file, and how its tokens' vectors are pooled; ``none`` where there is nothing to pool.

        Raises:
            ParameterError: the file has pooled already, or the folder says something that cannot be done here.
        """
        place = self._place
        file = TextOnnx.read(place.file, self.name)
        if file.has_tokens:
            return file, self.pooling or place.pooling()
        if self.pooling is not None:
            raise ParameterError(
                f"{self.name!r}: pooling={self.pooling!r}, but {str(file.path)!r} gives a vector for each text"
            )
        return file, "none"

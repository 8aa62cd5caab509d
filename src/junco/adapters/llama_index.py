"""LlamaIndex: a pipeline of texts as its embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr

from junco.adapters.opened import Given, Roles

_MOST = 2048
"""Texts that LlamaIndex hands over at once, as many as it lets anyone have: the pipeline makes its own batches."""


class JuncoEmbedding(BaseEmbedding):
    """Nodes and queries into vectors: ``Settings.embed_model = JuncoEmbedding("text-embedding")``.

    Args:
        pipeline: a pipeline that takes a text and gives one vector, or its name.
        params: of a pipeline that is named, by name.
        others: fields that LlamaIndex gives every embedding.
    """

    params: dict[str, Any] = {}
    _texts: Roles = PrivateAttr()

    def __init__(self, pipeline: Given | None = None, params: Mapping[str, Any] | None = None, **others: Any) -> None:
        given = pipeline if pipeline is not None else others.pop("model_name", "text-embedding")
        texts = Roles(given, params or {})
        name = given if isinstance(given, str) else texts.name
        super().__init__(**{"embed_batch_size": _MOST, **others, "model_name": name, "params": dict(params or {})})
        self._texts = texts

    @property
    def space(self) -> str | None:
        """The id of the space that the vectors live in."""
        return self._texts.space

    @classmethod
    def class_name(cls) -> str:
        """By which LlamaIndex writes it down."""
        return "JuncoEmbedding"

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._texts.documents([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._texts.documents(texts)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._texts.query(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await self._texts.aquery(query)

"""LangChain: a pipeline of texts as its embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.embeddings import Embeddings

from junco.adapters.opened import Given, Roles


class JuncoEmbeddings(Embeddings):
    """Texts and queries into vectors, for vector stores and retrievers: ``JuncoEmbeddings("text-embedding")``.

    Args:
        pipeline: a pipeline that takes a text and gives one vector, or its name.
        params: of a pipeline that is named, by name.
    """

    def __init__(self, pipeline: Given = "text-embedding", params: Mapping[str, Any] | None = None) -> None:
        self._texts = Roles(pipeline, params or {})

    @property
    def space(self) -> str | None:
        """The id of the space that the vectors live in."""
        return self._texts.space

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""
        return self._texts.documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query."""
        return self._texts.query(text)

    async def aembed_query(self, text: str) -> list[float]:
        """The same for async callers; concurrent queries share batches."""
        return await self._texts.aquery(text)

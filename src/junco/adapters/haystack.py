"""Haystack: a pipeline of texts as its embedders of queries and of documents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict

from junco.adapters.opened import Given, Roles
from junco.errors import InputError


class _Embedder:
    """What both have: a pipeline, which is written down by its name.

    Args:
        pipeline: a pipeline that takes a text and gives one vector, or its name.
        params: of a pipeline that is named, by name.
    """

    def __init__(self, pipeline: Given = "text-embedding", params: dict[str, Any] | None = None) -> None:
        self.pipeline, self.params = pipeline, params
        self._texts = Roles(pipeline, params or {})

    @property
    def space(self) -> str | None:
        """The id of the space that the vectors live in."""
        return self._texts.space

    def to_dict(self) -> dict[str, Any]:
        """As Haystack's YAML has it.

        Raises:
            InputError: it was given a pipeline, and no name.
        """
        if not isinstance(self.pipeline, str):
            raise InputError(f"{self.pipeline!r} cannot be written down: give its name, or the path of its file")
        return default_to_dict(self, pipeline=self.pipeline, params=self.params)

    def _meta(self) -> dict[str, Any]:
        return {"model": self._texts.name, "space": self.space}


@component
class JuncoTextEmbedder(_Embedder):
    """A query into its vector."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> JuncoTextEmbedder:
        """What `to_dict` wrote."""
        made: JuncoTextEmbedder = default_from_dict(cls, data)
        return made

    @component.output_types(embedding=list[float], meta=dict[str, Any])
    def run(self, text: str) -> dict[str, Any]:
        """The vector of a query."""
        return {"embedding": self._texts.query(text), "meta": self._meta()}


@component
class JuncoDocumentEmbedder(_Embedder):
    """Documents with their vectors."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> JuncoDocumentEmbedder:
        """What `to_dict` wrote."""
        made: JuncoDocumentEmbedder = default_from_dict(cls, data)
        return made

    @component.output_types(documents=list[Document], meta=dict[str, Any])
    def run(self, documents: list[Document]) -> dict[str, Any]:
        """The same documents, each with the vector of its content.

        Raises:
            InputError: a document without text.
        """
        if (empty := next((each.id for each in documents if each.content is None), None)) is not None:
            raise InputError(f"the document {empty} has no text to embed")
        vectors = self._texts.documents(each.content or "" for each in documents)
        embedded = [replace(each, embedding=vector) for each, vector in zip(documents, vectors, strict=True)]
        return {"documents": embedded, "meta": self._meta()}

"""A pipeline for another library: by its name, or as it is; of texts in the role of a document and of a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from junco.api import Pipeline, pipeline
from junco.errors import InputError
from junco.graph.nodes import Graph, Node
from junco.types import Vector, Vectors

Role = Literal["query", "document"]
Given = str | Path | Graph | Pipeline


def opened(given: Given, params: Mapping[str, Any]) -> Pipeline:
    """The pipeline that a caller named, or gave.

    Raises:
        InputError: parameters beside a pipeline, which has its own.
        UnknownNameError: no pipeline of that name.
    """
    if not isinstance(given, Pipeline):
        return pipeline(given, **params)
    if params:
        raise InputError(f"a pipeline has its parameters already: give {', '.join(params)} where it is made")
    return given


def vectors_of(made: Pipeline, items: Iterable[Any]) -> Vectors:
    """The vectors (n, dim) of items.

    Raises:
        InputError: the pipeline gives something else for an item than one vector.
    """
    if not made.plan.gives_vectors:
        raise InputError(f"{made!r} gives no vector for each input: other libraries take pipelines that give one")
    vectors: Vectors = made.batch(items)
    return vectors


class Roles:
    """A pipeline of texts, as libraries for retrieval ask it: texts are documents, or queries for these.

    Where the model knows no roles both are the same.

    Args:
        given: a pipeline, or its name.
        params: of a pipeline that is named.
    """

    def __init__(self, given: Given, params: Mapping[str, Any]) -> None:
        self._made = opened(given, params)

    @property
    def name(self) -> str:
        """Of the pipeline."""
        return self._made.graph.name or "pipeline"

    @property
    def space(self) -> str | None:
        """The id of the space that documents and queries share."""
        return self._documents.space

    def documents(self, texts: Iterable[str]) -> list[list[float]]:
        """The vectors of documents, as lists of numbers."""
        listed = [*texts]
        vectors: list[list[float]] = vectors_of(self._documents, listed).tolist() if listed else []
        return vectors

    def query(self, text: str) -> list[float]:
        """The vector of a query."""
        numbers: list[float] = vectors_of(self._queries, [text])[0].tolist()
        return numbers

    async def aquery(self, text: str) -> list[float]:
        """The same for async callers; concurrent queries share batches."""
        vector: Vector = await self._queries.acall(text)
        numbers: list[float] = vector.tolist()
        return numbers

    @cached_property
    def _documents(self) -> Pipeline:
        return self._in_role("document")

    @cached_property
    def _queries(self) -> Pipeline:
        return self._in_role("query")

    def _in_role(self, role: Role) -> Pipeline:
        nodes = [_in_role(node, role) for node in self._made.graph.nodes]
        if nodes == [*self._made.graph.nodes]:
            return self._made
        return Pipeline(replace(self._made.graph, nodes=tuple(nodes)), device=self._made.devices)

    def __reduce__(self) -> tuple[Any, ...]:
        return Roles, (self._made, {})


def _in_role(node: Node, role: Role) -> Node:
    """The step with the role, where its operator knows one."""
    if (spec := node.spec) is None or "role" not in spec.load().parameters():
        return node
    return replace(node, fn=spec.with_params({**spec.params, "role": role}), written=None)

"""What a journal notes of the pipeline that it belongs to, and how two are told apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from junco.errors import GraphError, JobError
from junco.graph.identity import identity_of_graph
from junco.graph.nodes import Graph, fn_name
from junco.graph.yaml_file import write
from junco.job.differences import differences
from junco.operator.identity import canonical
from junco.store.vectors import NAMED_BY, PIPELINE, TITLE, space_metadata
from junco.types import Space


@dataclass(frozen=True, slots=True)
class PipelineEntry:
    """A pipeline as a journal knows it.

    Attributes:
        title: what messages call it.
        parts: what it computes, as plain values.
        unknown: what of it could not be identified, in words.
        steps: the names of its steps.
    """

    title: str
    parts: dict[str, Any]
    unknown: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, graph: Graph) -> Self:
        """The entry for a graph. The files of its operators must be there."""
        identity = identity_of_graph(graph)
        parts = json.loads(canonical(identity.parts))
        return cls(
            title_of(graph), parts, tuple(dict.fromkeys(identity.unknown)), tuple(node.name for node in graph.nodes)
        )

    def as_record(self) -> dict[str, Any]:
        """For the journal's first line."""
        return {"pipeline": self.title, "parts": self.parts, "unknown": list(self.unknown)}

    def check(self, record: dict[str, Any], target: str, cure: str) -> None:
        """Refuse to go on with the work of a pipeline that is not this one, or may not be.

        Raises:
            JobError: with what differs, and the cure.
        """
        if record["parts"] != self.parts:
            is_named = record["pipeline"] == self.title
            whose = "this pipeline as it was" if is_named else f"another pipeline ({record['pipeline']})"
            what = differences(record["parts"], self.parts, self.steps)
            raise JobError(
                f"{target} holds the work of {whose}. What differs (there ≠ here): {what}. {_sentence(cure)}"
            )
        if unknown := self.unknown or tuple(record["unknown"]):
            raise JobError(
                f"nobody can tell whether {target} holds the work of this pipeline, since a part of it cannot be "
                f"identified ({'; '.join(unknown)}): {cure}"
            )


def title_of(graph: Graph) -> str:
    """What messages call a pipeline."""
    if graph.name:
        return graph.name
    return " → ".join([", ".join(graph.inputs), *(fn_name(node.fn) for node in graph.nodes if node.fn is not None)])


def about_pipeline(graph: Graph, space: Space | None, column: str, key: str | None) -> dict[str, str]:
    """What the schema of a set says of what made it.

    Args:
        graph: the pipeline.
        space: of its vectors.
        column: the output that they are.
        key: the column of a table that names the rows; ``None``: the inputs do.
    """
    named = {} if key is None else {NAMED_BY: key}
    return {TITLE: title_of(graph), **_definition(graph), **space_metadata(space, column), **named}


def _definition(graph: Graph) -> dict[str, str]:
    """The pipeline as YAML, so that what it made can be searched; nothing where a Python function stands in it."""
    try:
        return {PIPELINE: write(graph)}
    except GraphError:
        return {}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"

"""Spaces along a graph: what each step does to the space of its vectors, and which one the pipeline ends in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from junco.errors import JuncoError, UnavailableError
from junco.graph.levels import Flow, Step, check
from junco.graph.nodes import GROUPING, Graph, fn_name
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec
from junco.settings import only_looking
from junco.types import Space, Vector

Spaces = tuple[Space | None, ...]
"""One for each column; ``None`` for a column that no step called vectors."""


@dataclass(frozen=True, slots=True)
class OutputSpace:
    """The space of a pipeline's vectors.

    Attributes:
        column: the output column that they stand in; empty where there is none.
        space: ``None`` where it is unknown.
        unknown: then the step that nobody can identify, where there is one.
    """

    column: str
    space: Space | None
    unknown: str = ""

    def __str__(self) -> str:
        if self.space is not None:
            return f"{self.column} in {self.space}"
        why = f" after {self.unknown}" if self.unknown else ""
        return f"unknown{why}; .output(…, space='…') names it"


def output_space(flow: Flow) -> OutputSpace:
    """The space of the first output column whose space is known.

    Raises:
        UnavailableError: weights that cannot be had.
    """
    spaces = _spaces_of(flow)
    columns = [(slot.name, space) for slot, space in zip(flow.outputs, spaces, strict=True) if space is not None]
    for name, space in columns:
        if space.is_known:
            return OutputSpace(name, space)
    return OutputSpace(columns[0][0], None, columns[0][1].unknown) if columns else OutputSpace("", None)


def space_line(flow: Flow) -> str:
    """What there is to say of a pipeline's space; nothing is fetched for it."""
    try:
        with only_looking():
            return str(output_space(flow))
    except UnavailableError:
        return "known once the weights are on this machine"
    except JuncoError as error:
        return f"not known here: {error}"


def _spaces_of(flow: Flow, given: Spaces = ()) -> Spaces:
    """The spaces of a flow's outputs, given those of its inputs."""
    found = dict(zip((slot.index for slot in flow.inputs), given, strict=False))
    for step in flow.steps:
        before = tuple(found.get(slot.index) for slot in step.reads)
        after = _after(step, before)
        found.update(zip((slot.index for slot in step.writes), after, strict=True))
    return _named(flow, [found.get(slot.index) for slot in flow.outputs])


def _named(flow: Flow, spaces: list[Space | None]) -> Spaces:
    """With the graph's own name for the space of what could not be identified."""
    if flow.graph.space:
        sources = {slot.index for slot in flow.inputs}
        ranks = [
            0 if space is not None and not space.is_known else 1 if space else 2 + (slot.index in sources)
            for slot, space in zip(flow.outputs, spaces, strict=True)
        ]
        index = ranks.index(min(ranks))
        spaces[index] = (spaces[index] or Space({})).named(flow.graph.space)
    return tuple(spaces)


def _after(step: Step, before: Spaces) -> Spaces:
    node, count = step.node, len(step.writes)
    if node.verb == "filter":
        return before
    if isinstance(node.fn, (OperatorSpec, Operator)):
        made = _made(node.fn, before, count)
    elif isinstance(graph := getattr(node.fn, "graph", None), Graph):
        made = _spaces_of(check(graph), before)
    else:
        made = before if _only_collects(node.fn, node.verb) else ()
    if len(made) == count and any(made):
        return made
    first = next(filter(None, before), None)
    return (first.lost(f"step {node.name!r} ({fn_name(node.fn)})") if first else None,) * count


def _made(fn: OperatorSpec | Operator, before: Spaces, count: int) -> Spaces:
    """What the operator says, for its one output or for those of several that are vectors."""
    operator: Operator = fn if isinstance(fn, Operator) else fn.create()
    space = operator.space(*(each if each and each.is_known else None for each in before))
    if count == 1:
        return (space,)
    outputs = operator.ports().outputs
    return tuple(space if port.type == Vector else None for port in outputs) if len(outputs) == count else ()


def _only_collects(fn: Callable[..., Any] | None, verb: str) -> bool:
    """Whether a step leaves vectors as they are: a list of them is no other space."""
    builtins: Sequence[Any] = (list, tuple)
    return verb in GROUPING and fn in builtins

"""Spaces along a graph: what each step does to the space of its vectors, and which one the pipeline ends in.

Every column carries what made it. What a pipeline is given is as it is; operators that keep spaces (decoders, crops,
splitters) pass on what they were given; a model starts a space, which is known if what it was given is. A step that
nobody can identify loses it, before a model as after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from junco.errors import JuncoError, UnavailableError
from junco.graph.levels import Flow, Step, check
from junco.graph.nodes import GROUPING, Callee, fn_name
from junco.graph.params import bind
from junco.graph.ports import element_of, pipeline_ports
from junco.operator.ports import is_vector
from junco.plan.splice import itself
from junco.settings import only_looking
from junco.types import Space
from junco.wording import printable


@dataclass(frozen=True, slots=True)
class Trail:
    """What made a column.

    Attributes:
        space: of a model's vectors; ``None`` for whatever is none.
        lost: the first step on the way that nobody can identify; empty where there is none.
    """

    space: Space | None = None
    lost: str = ""

    @property
    def known(self) -> Space | None:
        """The space, if all that made it is identified."""
        return self.space if not self.lost else None

    def after(self, step: str) -> Trail:
        """What is left after a step that nobody can identify."""
        return Trail(self.space, self.lost or step)


GIVEN = Trail()
Trails = tuple[Trail, ...]


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
            return printable(f"{self.column} in {self.space}")
        why = f" after {printable(self.unknown)}" if self.unknown else ""
        return f"unknown{why}; .output(…, space='…') names it"


def output_space(flow: Flow) -> OutputSpace:
    """The space of the first output column whose space is known, else what hides that of the first model's column.

    Raises:
        UnavailableError: weights that cannot be had.
    """
    columns = list(zip((slot.name for slot in flow.outputs), _trails_of(flow), strict=True))
    for name, trail in columns:
        if trail.known is not None:
            return OutputSpace(name, trail.known)
    hidden = next(((name, trail.lost) for name, trail in columns if trail.space is not None), None)
    return OutputSpace(hidden[0], None, hidden[1]) if hidden else OutputSpace("", None)


def space_line(flow: Flow) -> str:
    """What there is to say of a pipeline's space: nothing where it has no vectors. Nothing is fetched for it."""
    try:
        with only_looking():
            found = output_space(flow)
            return str(found) if found.column or _gives_vectors(flow) else ""
    except UnavailableError:
        return "known once the weights are on this machine"
    except JuncoError as error:
        return f"not known here: {error}"


def _gives_vectors(flow: Flow) -> bool:
    return any(is_vector(port.type) or is_vector(element_of(port.type)) for port in pipeline_ports(flow).outputs)


def _trails_of(flow: Flow, given: Trails = ()) -> Trails:
    """What made a flow's outputs, given what made its inputs."""
    found = dict(zip((slot.index for slot in flow.inputs), given, strict=False))
    for step in flow.steps:
        before = tuple(found.get(slot.index, GIVEN) for slot in step.reads)
        after = _after(step, before)
        found.update(zip((slot.index for slot in step.writes), after, strict=True))
    return _named(flow, [found.get(slot.index, GIVEN) for slot in flow.outputs])


def _named(flow: Flow, trails: list[Trail]) -> Trails:
    """With the graph's own name for the space of what could not be identified."""
    if flow.graph.space and trails:
        sources = {slot.index for slot in flow.inputs}
        vectors = [is_vector(port.type) or is_vector(element_of(port.type)) for port in pipeline_ports(flow).outputs]
        ranks = [
            (0 if trail.lost else 1) if trail.space is not None else 2 + (not is_one) + 2 * (slot.index in sources)
            for slot, trail, is_one in zip(flow.outputs, trails, vectors, strict=True)
        ]
        index = ranks.index(min(ranks))
        trails[index] = Trail((trails[index].space or Space({})).named(flow.graph.space))
    return tuple(trails)


def _after(step: Step, before: Trails) -> Trails:
    callee, count = step.node.callee, len(step.writes)
    assert callee is not None
    if step.node.verb == "filter" or _only_collects(callee.fn, step.node.verb):
        made = before
    elif callee.is_operator:
        made = _of_operator(callee, before, count)
    elif callee.graph is not None:
        made = _of_pipeline(callee, before)
    else:
        made = ()
    if len(made) == count:
        return made
    lost = next((trail for trail in before if trail.space is not None), GIVEN)
    reason = next((trail.lost for trail in before if trail.lost), "")
    return (Trail(lost.space, reason).after(_said(step)),) * count


def _said(step: Step) -> str:
    return f"step {step.node.name!r} ({fn_name(step.node.fn)})"


def _of_operator(callee: Callee, before: Trails, count: int) -> Trails:
    """What an operator says of its one output, or of those of several that are vectors."""
    assert callee.spec is not None
    if callee.operator.keeps_space:
        return (before[0],) * count
    operator = callee.live or callee.spec.create()
    known = [trail.known for trail in before]
    spaces = [operator.space(*known)] if count == 1 else operator.spaces(*known)
    if len(spaces) != count or not any(space is not None for space in spaces):
        return ()
    lost = next((trail.lost for trail in before if trail.lost), "")
    nothing = Trail(None, lost or f"operator {callee.name!r}, which says nothing of it")
    return tuple(Trail(space, lost) if space is not None else nothing for space in spaces)


def _of_pipeline(callee: Callee, before: Trails) -> Trails:
    """What a pipeline within says; its parameters are in place where it stands as a graph."""
    assert callee.graph is not None
    graph = callee.bare_graph or bind(callee.graph, {})
    return _trails_of(check(graph, warns=False), before)


def _only_collects(fn: Callable[..., Any], verb: str) -> bool:
    """Whether a step leaves vectors as they are: a list of them is no other space."""
    builtins: Sequence[Any] = (list, tuple)
    return fn is itself or (verb in GROUPING and fn in builtins)

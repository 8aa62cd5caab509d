"""No more than is wanted: a maker (a decoder) is told what the steps after it want of its results.

An operator says what is enough of its inputs by the names of a maker's parameters (`Operator.wants`:
``{"least_side": 256}``), only if its results then stay the same. Where every reader of a maker's results names one of
its parameters, that becomes the largest of what they want.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from junco.graph.levels import Flow, Step, check
from junco.graph.nodes import Callee, Graph
from junco.operator.spec import OperatorSpec

Wants = Mapping[str, float]


def with_wanted(flow: Flow) -> Graph:
    """The flow's graph, with its makers' parameters as their readers want them.

    What a user set stays, and so does a maker whose results leave the pipeline or have a reader that does not say.
    """
    graph = flow.graph
    for step in flow.steps:
        spec = step.node.spec
        if spec is not None and (wanted := _wanted_of(flow, step, spec)):
            told = spec.with_params({**spec.params, **wanted})
            graph = graph.with_node(replace(step.node, fn=told))
    return graph


def _wanted_of(flow: Flow, maker: Step, spec: OperatorSpec) -> Wants:
    known = [name for name in spec.load().parameters() if name not in spec.params]
    wants = _wants_of_slots(flow, {slot.index for slot in maker.writes}) if known else {}
    return {name: value for name, value in wants.items() if name in known}


def _wants_of_slots(flow: Flow, made: set[int]) -> Wants:
    """What is enough of some columns for all who read them; nothing where one does not say."""
    made = set(made)
    said: list[Wants] = []
    for step in flow.steps:
        if any(slot.fields and slot.index in made for slot in step.reads):
            return {}  # a part of the result: what is enough of the whole is not said
        if step.node.verb == "filter":
            made |= _kept(step, made)
        seen = step.on if step.node.verb == "filter" else step.looks_at  # a filter keeps the others as they are
        if any(slot.index in made for slot in seen):
            said.append(_wants(step, made))
    if not said or made & {slot.index for slot in flow.outputs}:
        return {}
    shared = set.intersection(*(set(wants) for wants in said))
    return {name: max(wants[name] for wants in said) for name in sorted(shared)}


def _kept(step: Step, made: set[int]) -> set[int]:
    return {to.index for slot, to in zip(step.reads, step.writes, strict=True) if slot.index in made}


def _wants(step: Step, made: set[int]) -> Wants:
    callee = step.node.callee
    given = step.on or step.reads
    if callee is None:
        return {}
    if callee.graph is not None:
        inner = check(callee.graph, warns=False)
        return _wants_of_slots(
            inner, {to.index for slot, to in zip(given, inner.inputs, strict=True) if slot.index in made}
        )
    return _wants_of_operator(callee)


def _wants_of_operator(callee: Callee) -> Wants:
    if callee.spec is None:
        return {}
    return (callee.live or callee.spec.create()).wants()

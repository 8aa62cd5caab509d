"""Pictures no larger than needed: a decoder that can scale is told what the steps after it need."""

from __future__ import annotations

from dataclasses import replace

from junco.graph.levels import Flow, Step
from junco.graph.nodes import Graph
from junco.operator.spec import OperatorSpec

PARAMETER = "least_side"
"""What a decoder calls the pixels that the shorter side keeps at least."""


def with_scaled_decoding(flow: Flow) -> Graph:
    """The flow's graph with `PARAMETER` set where every reader of a decoder's pictures says what it needs.

    An operator says so (`Operator.wants`) only if its vectors then stay the same, which may have to be measured:
    once for a model on a machine.
    """
    graph = flow.graph
    for step in flow.steps:
        spec = step.node.fn
        if isinstance(spec, OperatorSpec) and _can_scale(spec) and (side := _needed_side(flow, step)) is not None:
            scaled = spec.with_params({**spec.params, PARAMETER: side})
            graph = graph.with_node(replace(step.node, fn=scaled))
    return graph


def scaling(fn: object) -> str:
    """What there is to say of a decoder that scales."""
    side = fn.params.get(PARAMETER) if isinstance(fn, OperatorSpec) else None
    return f", JPEGs at the smallest scale whose shorter side keeps {side} pixels" if side else ""


def _can_scale(spec: OperatorSpec) -> bool:
    return PARAMETER in spec.load().parameters() and PARAMETER not in spec.params


def _needed_side(flow: Flow, decoder: Step) -> int | None:
    """The largest of what the readers need; ``None`` where one needs all, or is no operator that would know."""
    made = {slot.index for slot in decoder.writes}
    if made & {slot.index for slot in flow.outputs}:
        return None
    readers = [step.node for step in flow.steps if made & {slot.index for slot in step.looks_at}]
    sides = [node.fn.create().wants().get(PARAMETER) if isinstance(node.fn, OperatorSpec) else None for node in readers]
    return max((side or 0 for side in sides), default=None) if all(sides) else None

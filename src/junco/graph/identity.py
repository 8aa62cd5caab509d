"""`identity_of_graph`: what a pipeline computes: its steps, what they call, and their columns, not their names."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from junco.graph.nodes import INPUT, Graph, Node
from junco.graph.params import bind
from junco.operator.identity import Identity, identity_of

_LEFT_OUT = frozenset({"name", "fn", "after", "workers", "backend"})
"""Fields of a step that are described elsewhere, or say only how fast it goes."""


def identity_of_graph(graph: Graph) -> Identity:
    """The identity of a pipeline. The files of its operators must be there.

    ``workers`` and ``backend`` do not count, nor do its name, family, description, licence and the name of its space.
    """
    bound = bind(graph, {})
    unknown: list[str] = []
    numbers = {name: number for number, name in enumerate((INPUT, *(node.name for node in bound.nodes)))}
    steps = [_step(node, unknown) | {"after": [numbers[name] for name in node.after]} for node in bound.nodes]
    return Identity({"inputs": list(bound.inputs), "steps": steps, "outputs": list(bound.outputs)}, tuple(unknown))


def _step(node: Node, unknown: list[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        each.name: value
        for each in fields(Node)
        if each.compare and each.name not in _LEFT_OUT and (value := getattr(node, each.name)) not in (None, (), False)
    }
    if (callee := node.callee) is None:
        return parts
    found = identity_of_graph(callee.graph) if callee.graph is not None else identity_of(callee.fn)
    unknown += [f"step {node.name!r}: {what}" for what in found.unknown]
    return parts | {"calls": dict(found.parts)}

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
    """The identity of a pipeline whose parameters are in their places. The files of its operators must be there.

    ``workers`` and ``backend`` do not count, nor do its name, family, description, licence and the name of its space.
    """
    unknown: list[str] = []
    numbers = {name: number for number, name in enumerate((INPUT, *(node.name for node in graph.nodes)))}
    steps = [_step(node, unknown) | {"after": [numbers[name] for name in node.after]} for node in graph.nodes]
    return Identity({"inputs": list(graph.inputs), "steps": steps, "outputs": list(graph.outputs)}, tuple(unknown))


def _step(node: Node, unknown: list[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {
        each.name: value
        for each in fields(Node)
        if each.compare and each.name not in _LEFT_OUT and (value := getattr(node, each.name)) not in (None, (), False)
    }
    if (callee := node.callee) is None:
        return parts
    found = identity_of(callee.fn) if callee.graph is None else identity_of_graph(_bound(callee.graph, callee.fn))
    unknown += [f"step {node.name!r}: {what}" for what in found.unknown]
    return parts | {"calls": dict(found.parts)}


def _bound(graph: Graph, fn: object) -> Graph:
    """A graph in a step has been bound with the one around it; a pipeline that was left as it is has not."""
    return graph if fn is graph else bind(graph, {})

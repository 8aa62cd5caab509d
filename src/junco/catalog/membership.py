"""Membership of pipelines in families: checked against the family's contract, never just claimed by a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_origin

from junco.errors import UnknownNameError
from junco.graph.levels import Flow, Step, check
from junco.graph.nodes import Graph, Node
from junco.operator import registry
from junco.operator.base import Operator
from junco.operator.ports import Port, Ports, ports_of_function
from junco.operator.spec import OperatorSpec


def check_family(flow: Flow) -> None:
    """Refuse a pipeline that claims a family and does not keep its contract; one that claims none is fine.

    Raises:
        UnknownNameError: nobody has defined the family.
        ContractError: with both signatures.
    """
    graph = flow.graph
    if not graph.family:
        return
    known = registry.families("pipeline")
    if graph.family not in known:
        hint = "'junco families' lists them all; a pipeline needs no family."
        raise UnknownNameError("pipeline family", graph.family, known, hint)
    known[graph.family].check(graph.name or "the pipeline", pipeline_ports(flow), graph.params)


def pipeline_ports(flow: Flow) -> Ports:
    """What goes into a pipeline and what comes out for one item, as far as its steps say.

    An output of several rows for an item has the type ``list[…]``.
    """
    types: dict[int, Any] = {}
    wanted: dict[int, Any] = {}
    for step in flow.steps:
        _follow(step, types, wanted)
    inputs = tuple(Port(slot.name, wanted.get(slot.index, Any)) for slot in flow.inputs)
    made = ((slot.name, types.get(slot.index, wanted.get(slot.index, Any))) for slot in flow.outputs)
    outputs = tuple(Port(name, kind if flow.is_single else _list_of(kind)) for name, kind in made)
    return Ports(inputs, outputs)


def _list_of(kind: Any) -> Any:
    return list[kind]


def _follow(step: Step, types: dict[int, Any], wanted: dict[int, Any]) -> None:
    """Note the types that a step makes, and those that it wants of columns whose type nobody said."""
    ports = _ports_of(step.node)
    looks_at = step.on if step.node.verb == "filter" else step.reads
    if ports.inputs is not None and len(ports.inputs) == len(looks_at):
        for slot, port in zip(looks_at, ports.inputs, strict=True):
            if wanted.get(slot.index, Any) is Any:
                wanted[slot.index] = port.type
    if step.node.verb == "filter":
        made = [types.get(slot.index, wanted.get(slot.index, Any)) for slot in step.reads]
    elif len(ports.outputs) == len(step.writes):
        made = [port.type for port in ports.outputs]
    else:
        made = [Any] * len(step.writes)
    for slot, kind in zip(step.writes, made, strict=True):
        types.setdefault(slot.index, kind)


def _ports_of(node: Node) -> Ports:
    fn = node.fn
    ports = _ports_of_fn(fn) if fn is not None else Ports(None, ())
    if node.verb == "flat_map" and len(ports.outputs) == 1:
        return Ports(ports.inputs, _rows(ports.outputs[0]))
    return ports


def _ports_of_fn(fn: Callable[..., Any]) -> Ports:
    if isinstance(fn, OperatorSpec):
        return fn.load().ports()
    if isinstance(fn, Operator):
        return fn.ports()
    graph = getattr(fn, "graph", None)
    return pipeline_ports(check(graph)) if isinstance(graph, Graph) else ports_of_function(fn)


def _rows(port: Port) -> tuple[Port, ...]:
    """The ports of one row of what a ``flat_map`` returns."""
    origin, members = get_origin(port.type), get_args(port.type)
    element = members[0] if origin in (list, tuple) and members else port.type
    if get_origin(element) is tuple and Ellipsis not in get_args(element):
        return tuple(Port(f"{port.name}{i}", kind) for i, kind in enumerate(get_args(element)))
    return (Port(port.name, element),)

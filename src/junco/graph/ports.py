"""Ports along a graph: which types its columns hold, as far as operators and annotations say, and whether they fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_origin

from junco.errors import ContractError
from junco.graph.levels import Flow, Step, check
from junco.graph.nodes import GROUPING, Callee, Node, fn_name
from junco.operator.base import Operator
from junco.operator.ports import Port, Ports, accepts, ports_of_function, type_name
from junco.operator.spec import OperatorSpec

UNKNOWN = Ports(None, (Port("out", Any),))
"""Of an operator whose class is not at hand: to look at a graph imports nothing. A plan loads the classes first."""


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


def check_ports(flow: Flow) -> None:
    """Refuse operators whose ports do not fit the columns that they are given.

    Raises:
        ContractError: with the step, the port and the column.
    """
    types: dict[int, Any] = {}
    for step in flow.steps:
        if isinstance(step.node.fn, (OperatorSpec, Operator)):
            _check_step(step, _ports_of(step.node), types)
        _follow(step, types, {})


def check_swap(node: Node, fn: Callable[..., Any]) -> None:
    """Refuse a callable that breaks the contract of the operator it is to replace.

    Raises:
        ContractError: with both signatures.
    """
    if node.fn is None:
        raise ContractError(f"{node} has no operator to replace")
    for each in (node.fn, fn):
        if isinstance(each, OperatorSpec):
            each.load()
    wanted, given = _ports_of_fn(node.fn), _ports_of_fn(fn)
    if isinstance(fn, (OperatorSpec, Operator)) and not given.fits(wanted):
        raise ContractError(
            f"{fn_name(fn)!r} cannot stand in {node} for {fn_name(node.fn)!r}: "
            f"the step needs {wanted}, {fn_name(fn)!r} has {given}"
        )


def _check_step(step: Step, ports: Ports, types: dict[int, Any]) -> None:
    given = step.on or step.reads
    name = repr(fn_name(step.node.fn))
    if ports.inputs is not None:
        if len(ports.inputs) != len(given) and not (step.node.verb == "reduce" and len(ports.inputs) == 1):
            raise ContractError(f"{step.node}: {name} takes {ports}, and the step gives it {len(given)} columns")
        for port, slot in zip(ports.inputs, given, strict=step.node.verb != "reduce"):
            kind = types.get(slot.index, Any)
            if step.node.verb not in GROUPING and not accepts(port.type, kind):
                raise ContractError(
                    f"{step.node}: {name} takes {port}, and the column {slot.name!r} "
                    f"(made by {slot.made_by!r}) holds {type_name(kind)}"
                )
    is_known = len(ports.outputs) > 1 or ports.outputs[0].type is not Any
    if step.node.verb == "map" and is_known and step.writes and len(step.writes) != len(ports.outputs):
        raise ContractError(f"{step.node}: {name} gives {ports}, and the step names {len(step.writes)} outputs")


def _ports_of(node: Node) -> Ports:
    fn = node.fn
    ports = _ports_of_fn(fn) if fn is not None else Ports(None, ())
    if node.verb == "flat_map" and len(ports.outputs) == 1:
        return Ports(ports.inputs, _rows(ports.outputs[0]))
    return ports


def _ports_of_fn(fn: Callable[..., Any]) -> Ports:
    if isinstance(fn, OperatorSpec):
        ports: Ports = fn.load().ports() if fn.is_loaded else UNKNOWN
        return ports
    if isinstance(fn, Operator):
        return fn.ports()
    graph = Callee.of(fn).graph
    return pipeline_ports(check(graph)) if graph is not None else ports_of_function(fn)


def _rows(port: Port) -> tuple[Port, ...]:
    """The ports of one row of what a ``flat_map`` returns."""
    origin, members = get_origin(port.type), get_args(port.type)
    element = members[0] if origin in (list, tuple) and members else port.type
    if get_origin(element) is tuple and Ellipsis not in get_args(element):
        return tuple(Port(f"{port.name}{i}", kind) for i, kind in enumerate(get_args(element)))
    return (Port(port.name, element),)

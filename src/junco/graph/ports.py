"""Ports along a graph: which types its columns hold, as far as operators and annotations say, and whether they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args, get_origin

from junco.errors import ContractError
from junco.graph.fields import type_of_field
from junco.graph.levels import Flow, Slot, Step, check
from junco.graph.nodes import Callee, Node, fn_name
from junco.graph.written import placed
from junco.operator.ports import Port, Ports, accepts, ports_of_function, type_name

UNKNOWN = Ports(None, (Port("out", Any),))
"""Of an operator whose class is not at hand: to look at a graph imports nothing. A plan loads the classes first."""


def pipeline_ports(flow: Flow) -> Ports:
    """What goes into a pipeline and what comes out for one item, as far as its steps say.

    An output of several rows for an item has the type ``list[…]``.
    """
    types: dict[int, Any] = {}
    wanted: dict[int, Any] = {}
    for step in flow.steps:
        with placed(step.node.written):
            _follow(step, types, wanted)
    inputs = tuple(Port(slot.name, wanted.get(slot.index, Any)) for slot in flow.inputs)
    with placed(flow.graph.place_of("outputs")):
        made = [(slot.name, _type_of(slot, types, "the output", wanted)) for slot in flow.outputs]
    outputs = tuple(Port(name, kind if flow.is_single else _list_of(kind)) for name, kind in made)
    return Ports(inputs, outputs)


def row_ports(flow: Flow) -> Ports:
    """The same with outputs as those of one row: what makes several rows of an item says ``rows="many"``."""
    ports = pipeline_ports(flow)
    if flow.is_single:
        return ports
    return replace(ports, outputs=tuple(Port(port.name, element_of(port.type)) for port in ports.outputs), rows="many")


def _type_of(slot: Slot, types: Mapping[int, Any], where: str, wanted: Mapping[int, Any] | None = None) -> Any:
    """What a column, or a field of one, holds; else what its readers want of it."""
    kind = types.get(slot.index, (wanted or {}).get(slot.index, Any))
    return type_of_field(kind, slot, where) if slot.fields else kind


def _list_of(kind: Any) -> Any:
    return list[kind]


def _follow(step: Step, types: dict[int, Any], wanted: dict[int, Any]) -> None:
    """Note the types that a step makes, and those that it wants of columns whose type nobody said."""
    ports = _ports_of(step.node)
    looks_at = step.on if step.node.verb == "filter" else step.reads
    if ports.inputs is not None and ports.takes(len(looks_at)) and not step.is_grouping:
        for slot, port in zip(looks_at, ports.inputs, strict=False):
            if not slot.fields and wanted.get(slot.index, Any) is Any:
                wanted[slot.index] = port.type
    if step.node.verb == "filter":
        made = [_type_of(slot, types, str(step.node), wanted) for slot in step.reads]
    elif len(ports.outputs) == len(step.writes):
        made = [port.type for port in ports.outputs]
    else:
        made = [Any] * len(step.writes)
    for slot, kind in zip(step.writes, made, strict=True):
        types.setdefault(slot.index, kind)


def check_ports(flow: Flow) -> None:
    """Refuse operators whose ports do not fit the columns that they are given, and fields that no value has.

    Raises:
        ContractError: with the step, the port and the column.
    """
    types: dict[int, Any] = {}
    for step in flow.steps:
        with placed(step.node.written):
            for slot in step.looks_at:
                _type_of(slot, types, str(step.node))
            if (callee := step.node.callee) is not None and callee.is_operator:
                _check_step(step, _ports_of(step.node), types)
            _follow(step, types, {})
    with placed(flow.graph.place_of("outputs")):
        for slot in flow.outputs:
            _type_of(slot, types, "the output")


def check_swap(node: Node, fn: Callable[..., Any]) -> None:
    """Refuse a callable that breaks the contract of the operator it is to replace.

    Raises:
        ContractError: with both signatures.
    """
    if node.fn is None:
        raise ContractError(f"{node} has no operator to replace")
    for each in map(Callee.of, (node.fn, fn)):
        if each.is_operator:
            _ = each.operator
    wanted, given = _ports_of_fn(node.fn), _ports_of_fn(fn)
    if wanted.rows == "either":
        wanted = wanted.of_many() if node.verb == "flat_map" else replace(wanted, rows="one")
    wanted = wanted.given(
        node.on if node.verb == "filter" else node.inputs[:1] if node.verb == "reduce" else node.inputs
    )
    if not Callee.of(fn).is_operator:
        given = _as_far_as_said(given, wanted)
    if not given.fits(wanted):
        raise ContractError(
            f"{fn_name(fn)!r} cannot stand in {node} for {fn_name(node.fn)!r}: "
            f"the step needs {wanted}, {fn_name(fn)!r} has {given}"
        )


def _as_far_as_said(given: Ports, wanted: Ports) -> Ports:
    """The ports of a function or a pipeline that is to stand for ``wanted``: what it leaves open may be so."""
    if wanted.rows == "many":
        given = given.of_many()
    if all(port.type is Any for port in given.outputs):
        return replace(given, outputs=wanted.outputs, rows=wanted.rows)
    return given


def _check_step(step: Step, ports: Ports, types: dict[int, Any]) -> None:
    given = step.on or step.reads
    name = repr(fn_name(step.node.fn))
    _check_kind(step, ports, name)
    if not ports.takes(len(given)) and not (step.node.verb == "reduce" and ports.takes(1)):
        raise ContractError(f"{step.node}: {name} takes {ports}, and the step gives it {len(given)} columns")
    if not step.is_grouping:
        taken = ports.given([slot.name for slot in given]).inputs or ()
        for port, slot in zip(taken, given, strict=True):
            kind = _type_of(slot, types, str(step.node))
            if not accepts(port.type, kind):
                raise ContractError(
                    f"{step.node}: {name} takes {port}, and the column {slot.name!r} "
                    f"(made by {slot.made_by!r}) holds {type_name(kind)}"
                )
    is_known = len(ports.outputs) > 1 or ports.outputs[0].type is not Any
    least = {"map": 1, "flat_map": 2}.get(step.node.verb)  # one column may hold what is yielded as it is
    if least and is_known and len(step.writes) >= least and len(step.writes) != len(ports.outputs):
        raise ContractError(f"{step.node}: {name} gives {ports}, and the step names {len(step.writes)} outputs")


def _check_kind(step: Step, ports: Ports, name: str) -> None:
    """Whether an operator makes rows where rows are made, and has a state where a scope for it is named."""
    node = step.node
    if ports.rows == "many" and node.verb != "flat_map":
        raise ContractError(f"{node}: {name} makes many rows of one, and a {node.verb} wants one result: use flat_map")
    assert node.callee is not None
    if step.is_grouping and node.callee.is_stateful:
        raise ContractError(
            f"{node}: {name} has a state, which sees the rows of a scope one after the other: "
            f"use map, flat_map or filter, and group what it gives"
        )
    if node.per is not None and not step.is_grouping and not node.callee.is_stateful:
        raise ContractError(f"{node}: {name} has no state, so per={node.per!r} says nothing: leave it out")


def _ports_of(node: Node) -> Ports:
    """The ports of a step: under ``flat_map`` its outputs are those of one row."""
    callee = node.callee
    if callee is None:
        return Ports(None, ())
    ports = _ports_of_fn(callee.fn)
    if node.verb != "flat_map":
        is_wrong = ports.rows == "many" and not callee.is_operator  # what it gives is an iterator
        return Ports(ports.inputs, (Port("out"),)) if is_wrong else ports
    if callee.graph is None or len(ports.outputs) == 1:
        return ports.of_many()
    return replace(ports, outputs=tuple(Port(port.name, element_of(port.type)) for port in ports.outputs), rows="many")


def _ports_of_fn(fn: Callable[..., Any]) -> Ports:
    callee = Callee.of(fn)
    if callee.spec is not None:
        return callee.ports if callee.live is not None or callee.spec.is_loaded else UNKNOWN
    return pipeline_ports(check(callee.graph, warns=False)) if callee.graph is not None else ports_of_function(fn)


def element_of(kind: Any) -> Any:
    """``X`` of the ``list[X]`` that a pipeline of many rows gives in each of its columns."""
    return get_args(kind)[0] if get_origin(kind) is list and get_args(kind) else Any

"""`Plan`: how a graph will run. Names, files, downloads, ports and levels are all resolved here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args, get_origin

from junco.errors import ContractError
from junco.graph.levels import Flow, Step, check
from junco.graph.nodes import GROUPING, Graph, Node, fn_name
from junco.graph.yaml_file import bind
from junco.operator.base import Operator
from junco.operator.ports import Port, Ports, accepts, type_name
from junco.operator.spec import OperatorSpec
from junco.plan.program import Instruction, Work, compile_flow


@dataclass(frozen=True)
class Plan:
    """A graph with its operators resolved. Picklable as far as its callables are; printing it explains the run."""

    graph: Graph
    device: str = "auto"

    @cached_property
    def flow(self) -> Flow:
        """Columns and levels."""
        return check(self.graph)

    @cached_property
    def program(self) -> tuple[Instruction, ...]:
        """The instructions that a block of rows goes through."""
        return compile_flow(self.flow)

    @property
    def works(self) -> list[Work]:
        """The steps in the order in which they run."""
        return [instruction for instruction in self.program if isinstance(instruction, Work)]

    def __getstate__(self) -> dict[str, Any]:
        return {"graph": self.graph, "device": self.device}

    def __str__(self) -> str:
        title = f"plan of {self.graph.name or 'a pipeline'}: {', '.join(self.graph.inputs)} → {', '.join(self.graph.outputs)}"
        return "\n".join([title, *(f"  {i}. {_line(work)}" for i, work in enumerate(self.works, 1))])


def make_plan(graph: Graph, device: str = "auto") -> Plan:
    """Resolve a graph.

    Raises:
        GraphError: the graph has no meaning.
        UnknownNameError: an operator that nobody knows.
        ContractError: neighbours whose ports do not fit.
        UnavailableError: weights that cannot be had.
    """
    plan = Plan(_on_device(bind(graph, {}), device), device)
    _check_ports(plan.flow)
    for node in plan.graph.nodes:
        if isinstance(node.fn, OperatorSpec):
            node.fn.create().fetch()
    _ = plan.program
    return plan


def ports_of(fn: Callable[..., Any] | None) -> Ports | None:
    """The ports of a step's callable, where it has any."""
    if isinstance(fn, OperatorSpec):
        return fn.load().ports()
    return type(fn).ports() if isinstance(fn, Operator) else None


def output_types(flow: Flow) -> list[Any]:
    """The types of a pipeline's output columns, as far as they are known."""
    types = _slot_types(flow)
    return [types.get(slot.index, Any) for slot in flow.outputs]


def check_swap(node: Node, fn: Callable[..., Any]) -> None:
    """Refuse a callable that breaks the contract of the operator it is to replace.

    Raises:
        ContractError: with both signatures.
    """
    wanted, given = ports_of(node.fn), ports_of(fn)
    if wanted is not None and given is not None and not given.fits(wanted):
        raise ContractError(
            f"{fn_name(fn)!r} cannot stand in {node} for {fn_name(node.fn)!r}: "
            f"the step needs {wanted}, {fn_name(fn)!r} has {given}"
        )


def _on_device(graph: Graph, device: str) -> Graph:
    """Hand the pipeline's device to every operator that takes one and was not given its own."""
    if device == "auto":
        return graph
    nodes = tuple(
        replace(node, fn=node.fn.with_params({**node.fn.params, "device": device}))
        if isinstance(node.fn, OperatorSpec)
        and "device" in node.fn.load().parameters()
        and node.fn.params.get("device", "auto") == "auto"
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _check_ports(flow: Flow) -> None:
    types = _slot_types(flow)
    for step in flow.steps:
        if (ports := ports_of(step.node.fn)) is None:
            continue
        _check_counts(step, ports)
        if ports.inputs is None or step.node.verb in GROUPING:
            continue
        for port, slot in zip(ports.inputs, step.on or step.reads, strict=True):
            if not accepts(port.type, types.get(slot.index, Any)):
                raise ContractError(
                    f"{step.node}: {fn_name(step.node.fn)!r} takes {port}, and the column {slot.name!r} "
                    f"(made by {slot.made_by!r}) holds {type_name(types[slot.index])}"
                )


def _check_counts(step: Step, ports: Ports) -> None:
    given = step.on or step.reads
    if ports.inputs is not None and len(ports.inputs) != len(given):
        if step.node.verb != "reduce" or len(ports.inputs) != 1:
            raise ContractError(f"{step.node}: {fn_name(step.node.fn)!r} takes {ports}, and the step gives it {len(given)} columns")
    is_known = len(ports.outputs) > 1 or _is_concrete(ports.outputs[0])
    if is_known and step.node.verb == "map" and step.writes and len(step.writes) != len(ports.outputs):
        raise ContractError(f"{step.node}: {fn_name(step.node.fn)!r} gives {ports}, and the step names {len(step.writes)} outputs")


def _is_concrete(port: Port) -> bool:
    return port.type is not Any and get_origin(port.type) is not tuple


def _slot_types(flow: Flow) -> dict[int, Any]:
    types: dict[int, Any] = {}
    for step in flow.steps:
        ports = ports_of(step.node.fn)
        if ports is None or step.node.verb == "filter" or len(ports.outputs) != len(step.writes):
            continue
        for port, slot in zip(ports.outputs, step.writes, strict=True):
            types[slot.index] = _element(port.type) if step.node.verb == "flat_map" else port.type
    return types


def _element(kind: Any) -> Any:
    """What a flat_map's operator yields; ports of generator functions name it already."""
    members = get_args(kind)
    is_iterable = isinstance(get_origin(kind), type) and hasattr(get_origin(kind), "__iter__")
    return members[0] if is_iterable and members else kind


def _line(work: Work) -> str:
    step, node = work.step, work.step.node
    columns = ", ".join((*node.inputs, *(c for c in node.on if c not in node.inputs)))
    what = f"{node.name}: {node.verb} {fn_name(node.fn)}"
    params = f" ({', '.join(f'{k}={v}' for k, v in node.fn.items)})" if isinstance(node.fn, OperatorSpec) and node.fn.items else ""
    level = f"level {step.level.index}" if step.level is step.out_level else f"level {step.level.index} → {step.out_level.index}"
    return f"{what}{params}, {columns} → {', '.join(node.outputs) or '()'}, {level}, {how(node)}"


def how(node: Node) -> str:
    """How a step's rows are run, in words."""
    if node.workers:
        return f"{node.workers} at once"
    if not isinstance(node.fn, (OperatorSpec, Operator)):
        return "row by row, in order"
    hints = (node.fn.load() if isinstance(node.fn, OperatorSpec) else type(node.fn)).hints
    rows = "row by row" if hints.max_batch == 1 else "in batches"
    return f"{rows}, in order" if hints.stateful else f"{rows}, on all cores" if hints.thread_safe else rows



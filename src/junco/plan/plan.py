"""`Plan`: how a graph will run. Names, files, downloads, ports and levels are all resolved here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from junco.catalog.membership import check_family
from junco.errors import ParameterError
from junco.graph.levels import Flow, check
from junco.graph.nodes import Graph, Node, fn_name
from junco.graph.params import bind
from junco.graph.ports import check_ports, pipeline_ports
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec
from junco.plan.program import Instruction, Operation, compile_flow
from junco.plan.scale import scaling, with_scaled_decoding
from junco.plan.spaces import OutputSpace, output_space, space_line
from junco.types import Space, Vector

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


@dataclass(frozen=True)
class Plan:
    """A graph with its operators resolved. Picklable as far as its callables are; printing it explains the run."""

    graph: Graph
    devices: tuple[str, ...] = ("auto",)

    @cached_property
    def flow(self) -> Flow:
        """Columns and levels."""
        return check(self.graph)

    @cached_property
    def program(self) -> tuple[Instruction, ...]:
        """The instructions that a block of rows goes through."""
        return compile_flow(self.flow)

    @cached_property
    def output_space(self) -> OutputSpace:
        """The column that holds the pipeline's vectors, and their space or what hides it.

        Raises:
            UnavailableError: weights that cannot be had.
        """
        return output_space(self.flow)

    @property
    def space(self) -> Space | None:
        """The space of the pipeline's vectors; ``None`` where it is unknown. May fetch weights."""
        return self.output_space.space

    @cached_property
    def gives_vectors(self) -> bool:
        """Whether the result for an item is one vector, by the port of the only output column."""
        return self.flow.is_single and [port.type for port in pipeline_ports(self.flow).outputs] == [Vector]

    @property
    def operations(self) -> list[Operation]:
        """The steps in the order in which they run."""
        return [instruction for instruction in self.program if isinstance(instruction, Operation)]

    def __getstate__(self) -> dict[str, Any]:
        return {"graph": self.graph, "devices": self.devices}

    def __str__(self) -> str:
        graph = self.graph
        title = f"plan of {graph.name or 'a pipeline'}: {', '.join(graph.inputs)} → {', '.join(graph.outputs)}"
        lines = [f"  {i}. {_line(operation)}" for i, operation in enumerate(self.operations, 1)]
        return "\n".join([title, *lines, f"  space: {space_line(self.flow)}"])


def make_plan(graph: Graph, device: str | Sequence[str] = "auto") -> Plan:
    """Resolve a graph for a device, or for several: each operator that takes a device gets a replica on each.

    Raises:
        ParameterError: there is no such device.
        GraphError: the graph has no meaning.
        UnknownNameError: an operator that nobody knows.
        ContractError: neighbours whose ports do not fit.
        UnavailableError: weights that cannot be had.
    """
    devices = _devices(device)
    plan = Plan(_on_device(bind(graph, {}), devices[0]), devices)
    check_ports(plan.flow)
    check_family(plan.flow)
    for node in plan.graph.nodes:
        if isinstance(node.fn, OperatorSpec):
            node.fn.create().fetch()
    plan = replace(plan, graph=with_scaled_decoding(plan.flow))
    _ = plan.program
    return plan


def _devices(device: str | Sequence[str]) -> tuple[str, ...]:
    devices: tuple[Any, ...] = tuple(device) if isinstance(device, (list, tuple)) else (device,)
    for name in devices:
        if not isinstance(name, str) or not _DEVICE.fullmatch(name):
            raise ParameterError(f"device={name!r} is none of 'auto', 'cpu', 'cuda', 'cuda:N' and 'mps'")
    if not devices:
        raise ParameterError("device=[] names no device")
    return devices


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


def _line(operation: Operation) -> str:
    step, node = operation.step, operation.step.node
    columns = ", ".join((*node.inputs, *(c for c in node.on if c not in node.inputs)))
    what = f"{node.name}: {node.verb} {fn_name(node.fn)}{_params(node.fn)}"
    level = (
        f"level {step.level.index}"
        if step.level is step.out_level
        else f"level {step.level.index} → {step.out_level.index}"
    )
    return f"{what}, {columns} → {', '.join(node.outputs) or '()'}, {level}, {how(node)}"


def _params(fn: Any) -> str:
    """The parameters that are not as the operator has them by itself."""
    if not isinstance(fn, OperatorSpec):
        return ""
    usual = {name: parameter.default for name, parameter in fn.load().parameters().items()}
    given = [f"{name}={value}" for name, value in fn.items if name not in usual or value != usual[name]]
    return f" ({', '.join(given)})" if given else ""


def how(node: Node) -> str:
    """How a step's rows are run, in words."""
    if node.workers:
        return f"{node.workers} at once"
    if not isinstance(node.fn, (OperatorSpec, Operator)):
        return "row by row, in order"
    hints = (node.fn.load() if isinstance(node.fn, OperatorSpec) else type(node.fn)).hints
    rows = "row by row" if hints.max_batch == 1 else "in batches"
    rows += scaling(node.fn)
    return f"{rows}, in order" if hints.stateful else f"{rows}, on all cores" if hints.thread_safe else rows

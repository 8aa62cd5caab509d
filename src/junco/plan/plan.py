"""`Plan`: how a graph will run. Names, files, downloads, ports and levels are all resolved here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from junco.catalog.membership import check_family
from junco.errors import IntegrityError
from junco.graph.brought import brought
from junco.graph.devices import devices_of, on_device
from junco.graph.levels import Flow, check
from junco.graph.nesting import bare_graph, check_nesting, inner_graph, with_fns
from junco.graph.nodes import Callee, Graph, Node, fn_name
from junco.graph.params import bind
from junco.graph.ports import check_ports, pipeline_ports
from junco.graph.written import placed
from junco.operator.ports import gives_one_vector
from junco.operator.residents import files_of
from junco.operator.spec import OperatorSpec
from junco.pages.letters import amount
from junco.places.files import Stamp, changed_file, first_changed
from junco.plan.lock import Lock, lock_of
from junco.plan.program import Instruction, Operation, compile_flow, operations_of
from junco.plan.spaces import OutputSpace, output_space, space_line
from junco.plan.splice import spliced
from junco.plan.step_params import check_step_params, step_params
from junco.plan.wants import with_wanted
from junco.types import Space
from junco.wording import printable, printable_lines


@dataclass(frozen=True, repr=False)
class Plan:
    """A graph with its operators resolved. Picklable as far as its callables are; printing it explains the run.

    Attributes:
        graph: the steps that run; those of pipelines in it stand among them as ``outer/inner``, as far as they can.
        devices: the first is that of every operator that takes one; with several, each has a replica on each.
        nested: the plans of the pipelines that are still steps, by the steps' names.
    """

    graph: Graph
    devices: tuple[str, ...] = ("auto",)
    nested: Mapping[str, Plan] = field(default_factory=dict)

    @cached_property
    def flow(self) -> Flow:
        """Columns and levels."""
        return check(self.graph, warns=False)

    @cached_property
    def program(self) -> tuple[Instruction, ...]:
        """The instructions that a block of rows goes through."""
        return compile_flow(self.flow)

    @property
    def output_space(self) -> OutputSpace:
        """The column that holds the pipeline's vectors, and their space or what hides it.

        Raises:
            UnavailableError: weights that cannot be had.
        """
        return self._found[0]

    @property
    def has_space(self) -> bool:
        """Whether its space was asked for before."""
        return "_found" in self.__dict__

    @cached_property
    def _found(self) -> tuple[OutputSpace, tuple[Stamp, ...]]:
        """The space, and the files that it was found by."""
        before = self._stamps()
        found, after = output_space(self.flow), self._stamps()
        return found, before if first_changed(before, after) else after  # which may have been fetched for it

    def check_files(self) -> None:
        """Refuse to load operators from files that are others than those that the space was found by.

        Raises:
            IntegrityError: a file was changed since.
        """
        if self.has_space and (changed := first_changed(self._found[1], self._stamps())) is not None:
            raise IntegrityError(changed_file(changed, "this pipeline's space"))

    def _stamps(self) -> tuple[Stamp, ...]:
        """The files of all operators of the pipeline that are not the caller's own."""
        specs = (step.node.spec for step in self.flow.steps)
        return tuple(stamp for spec in specs if spec is not None for stamp in files_of(spec))

    @property
    def space(self) -> Space | None:
        """The space of the pipeline's vectors; ``None`` where it is unknown. May fetch weights."""
        return self.output_space.space

    @cached_property
    def gives_vectors(self) -> bool:
        """Whether the result for an item is one vector, by the port of the only output column."""
        return self.flow.is_single and gives_one_vector(pipeline_ports(self.flow))

    def lock(self) -> Lock:
        """The distributions, versions and files that it uses: what another machine needs to give the same."""
        return lock_of(self.graph, {name: plan.lock() for name, plan in self.nested.items()})

    @property
    def operations(self) -> list[Operation]:
        """The steps in the order in which they run."""
        return operations_of(self.program)

    def __getstate__(self) -> dict[str, Any]:
        return {"graph": self.graph, "devices": self.devices, "nested": self.nested}

    def __str__(self) -> str:
        space = [f"  space: {said}"] if (said := space_line(self.flow)) else []
        title = f"plan of {self.graph.name or 'a pipeline'}: {self.graph.columns}"
        return printable_lines([title, *self._lines("  "), *space])

    def __repr__(self) -> str:
        steps = amount(len(self.graph.nodes), "step")
        return printable(f"<plan of {self.graph.name or 'a pipeline'}: {self.graph.columns}, {steps}>")

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment
        from junco.pages.summary import listing, titled

        space = [f"space: {said}"] if (said := space_line(self.flow)) else []
        table = listing(("step", "does", "columns", "level", "runs"), self._cells())
        return fragment(titled(f"plan of {self.graph.name or 'a pipeline'}", self.graph.columns, space, table))

    def _cells(self, outer: str = "") -> Iterator[tuple[str, ...]]:
        """A row for each step, those of pipelines within after their own."""
        for operation in self.operations:
            name, *cells = _told(operation)
            yield f"{outer}{name}", *cells
            if (inner := self.nested.get(name)) is not None:
                yield from inner._cells(f"{outer}{name}/")

    def _lines(self, indent: str) -> list[str]:
        lines: list[str] = []
        for number, operation in enumerate(self.operations, 1):
            lines.append(f"{indent}{number}. {_line(operation)}")
            if (inner := self.nested.get(operation.step.node.name)) is not None:
                lines += inner._lines(f"{indent}   ")
        return lines


def make_plan(graph: Graph, device: str | Sequence[str] = "auto") -> Plan:
    """Resolve a graph for a device, or for several: each operator that takes a device gets a replica on each.

    Raises:
        ParameterError: there is no such device, or an operator does not bear a parameter.
        YamlError: the same of what stands in a file, with file, line and column.
        GraphError: the graph has no meaning.
        UnknownNameError: an operator that nobody knows.
        ContractError: neighbours whose ports do not fit.
        UnavailableError: weights that cannot be had.
    """
    check_nesting(graph)
    devices = devices_of(device)
    resolved = on_device(_loaded(brought(bind(graph, {}))), devices[0])
    _check_contracts(resolved)
    return _planned(resolved, devices)


def _planned(graph: Graph, devices: tuple[str, ...]) -> Plan:
    """The plan of a graph whose parameters are bound and whose operators are loaded."""
    graph = spliced(graph)
    nested = {node.name: _nested(node, devices) for node in graph.nodes if inner_graph(node) is not None}
    for node in graph.nodes:
        if (spec := node.spec) is not None:
            _fetch(node, spec)
    plan = Plan(with_wanted(check(graph, warns=False)), devices, nested)
    _ = plan.program
    return plan


def _nested(node: Node, devices: tuple[str, ...]) -> Plan:
    callee = node.callee
    assert callee is not None
    assert callee.graph is not None
    if callee.bare_graph is not None:
        return _planned(callee.bare_graph, devices)
    return make_plan(callee.graph, callee.devices or devices)


def _check_contracts(graph: Graph) -> None:
    """Refuse ports that do not fit and families that are not kept, also in pipelines within."""
    for node in graph.nodes:
        if (inner := bare_graph(node)) is not None:
            _check_contracts(inner)
    flow = check(graph, warns=False)
    check_ports(flow)
    check_family(flow)


def _loaded(graph: Graph) -> Graph:
    """The graph with its operators' classes loaded and their parameters checked, also in pipelines within it."""

    def loaded(node: Node) -> Any:
        if (inner := bare_graph(node)) is not None:
            return _loaded(inner)
        if (spec := node.spec) is not None:
            return _checked(node, spec)
        check_step_params(node)
        return node.fn

    return with_fns(graph, loaded)


def _checked(node: Node, spec: OperatorSpec) -> OperatorSpec:
    with placed(node.written, spec.params):
        return OperatorSpec.bind(spec.load(), (), {**spec.params, **step_params(node, spec)})


def _fetch(node: Node, spec: OperatorSpec) -> None:
    with placed(node.written, spec.params):
        spec.create().fetch()


def _line(operation: Operation) -> str:
    name, what, columns, level, runs = _told(operation)
    return f"{name}: {what}, {columns}, {level}, {runs}"


def _told(operation: Operation) -> tuple[str, str, str, str, str]:
    """A step's name, what it does, its columns, its level, and how its rows are run."""
    step, node = operation.step, operation.step.node
    columns = ", ".join((*node.inputs, *(c for c in node.on if c not in node.inputs)))
    level = f"level {step.level.depth}" + (f" → {step.out_level.depth}" if step.level is not step.out_level else "")
    per = f"per {node.per}, " if node.per is not None else ""
    what = f"{node.verb} {fn_name(node.fn)}{_params(node)}"
    return node.name, what, f"{columns} → {', '.join(node.outputs) or '()'}", f"{per}{level}", how(node)


def _params(node: Node) -> str:
    """The parameters that are not as the operator has them by itself."""
    if (spec := node.spec) is None:
        return ""
    usual = {name: parameter.default for name, parameter in spec.load().parameters().items()}
    given = [f"{name}={value}" for name, value in spec.items if name not in usual or value != usual[name]]
    return f" ({', '.join(given)})" if given else ""


def how(node: Node) -> str:
    """How a step's rows are run, in words."""
    callee = node.callee
    assert callee is not None
    if callee.graph is not None or callee.is_stateful:
        stays = ", in this process" if node.backend == "process" else ""
        return f"{_how_nested(node) if callee.graph is not None else _how_with_state(callee)}{stays}"
    if node.backend == "process":
        return f"in {node.workers} processes" if node.workers else "in a process for each core"
    if node.workers:
        return f"{node.workers} at once"
    if not callee.is_operator:
        return "row by row, in order"
    rows = "row by row" if callee.hints.max_batch == 1 else "in batches"
    return f"{rows}, on all cores" if callee.hints.thread_safe else rows


def _how_nested(node: Node) -> str:
    return f"called by the batch, {node.workers} at once" if node.workers else "called by the batch, in order"


def _how_with_state(callee: Callee) -> str:
    """Rows of one scope go together where the state can be taken back to what it was before a batch."""
    most = callee.hints.max_batch or 1
    rows = f"up to {most} rows at a time" if most > 1 and callee.operator.gives_states() else "row by row"
    return f"{rows}, in order, a state for each scope"

"""Who works on a step's rows: one applier for all runs, how many of its tasks may run at once, and in which order.

Thread, process, replicas and batch size follow from what the operator hints, what the node says, and what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from junco.cores import num_cores
from junco.engine.apply import Applier, MovingApplier, OperatorApplier, PlainApplier, Replicas
from junco.engine.batching import START, BatchSize
from junco.engine.expand import FlatMapStage
from junco.engine.filters import FilterStage
from junco.engine.group import WindowAllStage, WindowStage
from junco.engine.learned import learned_rows, remember_rows
from junco.engine.reduce import ReduceStage
from junco.engine.single import SharedBatches
from junco.engine.stage import MapStage, OnError, Stage, StageOptions, WorkStage
from junco.engine.turns import Turn
from junco.errors import ContractError
from junco.graph.nodes import GROUPING, Graph, Node
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.resident import Resident
from junco.operator.residents import residents
from junco.operator.spec import OperatorSpec
from junco.plan.program import Operation

_STAGES: dict[str, type[WorkStage]] = {
    "map": MapStage,
    "filter": FilterStage,
    "flat_map": FlatMapStage,
    "window": WindowStage,
    "time_window": WindowStage,
    "window_all": WindowAllStage,
    "reduce": ReduceStage,
}


@dataclass(frozen=True)
class Crew:
    """A step with the applier that all runs share, and the operators that it holds."""

    operation: Operation
    applier: Applier
    one: Callable[..., Any]
    options: StageOptions
    held: list[Resident] = field(default_factory=list)

    def stage(self, on_error: OnError) -> Stage:
        """The step's stage for one run."""
        return _STAGES[self.operation.step.node.verb](
            self.operation, self.applier, replace(self.options, on_error=on_error)
        )


def crew_for(operation: Operation, devices: Sequence[str]) -> Crew:
    """Put together who works on a step; operators are held but not opened."""
    node, fn = operation.step.node, operation.step.node.fn
    assert fn is not None
    if node.backend == "process":
        return _in_processes(operation, node.workers or num_cores())
    if isinstance(fn, OperatorSpec):
        return _of_operators(operation, [residents.hold(spec, i) for i, spec in _replicas(fn, node, devices)])
    if isinstance(fn, Operator):
        return _of_operators(operation, [], Resident(fn.spec, fn))
    is_shared = node.workers or node.verb == "reduce" or isinstance(getattr(fn, "graph", None), Graph)
    applier = PlainApplier(fn, None if is_shared else Turn())
    return Crew(operation, applier, applier.one, _options(node, node.workers or 1, is_ordered=not node.workers))


def _in_processes(operation: Operation, num_workers: int) -> Crew:
    node = operation.step.node
    fn: Any = node.fn.spec if isinstance(node.fn, Operator) else node.fn
    if isinstance(node.fn, Operator) and not node.fn.name:
        kind = type(node.fn).__name__
        raise ContractError(
            f"{node}: {kind} has no name, so other processes cannot build their own: "
            f"write class {kind}(Operator, family=…, name=…)"
        )
    hints = fn.load().hints if isinstance(fn, OperatorSpec) else Hints()
    if hints.stateful:
        raise ContractError(
            f"{node}: {fn.name} is stateful, its rows must reach one instance in their order: "
            "leave out backend='process'"
        )
    applier = _process_applier(fn, num_workers, BatchSize(hints.max_batch, start=1))
    return Crew(operation, applier, applier.one, _options(node, num_workers, is_ordered=False, gains=True))


def _process_applier(fn: Callable[..., Any] | OperatorSpec, num_workers: int, size: BatchSize) -> Applier:
    from junco.engine.processes import ProcessApplier  # an extra of its own

    return ProcessApplier(fn, num_workers, size)


def _of_operators(operation: Operation, held: list[Resident], own: Resident | None = None) -> Crew:
    """A crew of one or several replicas of an operator; ``own`` is the caller's own object, which nobody counts."""
    node = operation.step.node
    crew = [OperatorApplier(resident, _batch_size(resident)) for resident in ([own] if own else held)]
    hints = crew[0].hints
    applier: Applier = crew[0] if len(crew) == 1 else Replicas(crew)
    one = SharedBatches(crew[0]) if len(crew) == 1 and crew[0].gains_from_batches else applier.one
    if hints.stateful:
        return Crew(operation, applier, one, _options(node, 1, is_ordered=True), held)
    if hints.processes and isinstance(node.fn, OperatorSpec) and not node.workers and node.backend is None:
        size = BatchSize(hints.max_batch, start=1)
        applier = MovingApplier(crew[0], partial(_process_applier, node.fn, num_cores(), size))
        return Crew(operation, applier, one, _options(node, num_cores(), is_ordered=False, gains=True), held)
    is_parallel = hints.thread_safe and hints.releases_gil and len(crew) == 1
    limit = node.workers or (num_cores() if is_parallel else len(crew))
    gains = hints.releases_gil or limit > 1
    return Crew(operation, applier, one, _options(node, limit, is_ordered=False, gains=gains), held)


def _batch_size(resident: Resident) -> BatchSize:
    spec, hints = resident.spec, resident.operator.hints
    known = None if hints.max_batch == 1 else learned_rows(spec)
    start = hints.first_batch or START
    return BatchSize(hints.max_batch, hints.max_cost, start, known, lambda rows: remember_rows(spec, rows))


def _replicas(spec: OperatorSpec, node: Node, devices: Sequence[str]) -> list[tuple[int, OperatorSpec]]:
    """One spec for each device, or for each worker where an instance bears only one; numbered where they are alike."""
    operator = spec.load()
    if len(devices) > 1 and "device" in operator.parameters():
        specs = [spec.with_params({**spec.params, "device": device}) for device in devices]
    else:
        specs = [spec] * (1 if operator.hints.thread_safe or operator.hints.stateful else node.workers or 1)
    return [(sum(earlier == one for earlier in specs[:i]), one) for i, one in enumerate(specs)]


def _options(node: Node, limit: int, *, is_ordered: bool, gains: bool = False) -> StageOptions:
    if node.verb in GROUPING:
        return StageOptions()
    return StageOptions(limit=limit, is_ordered=is_ordered, gains_from_threads=gains or bool(node.workers))

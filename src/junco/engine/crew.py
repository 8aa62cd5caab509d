"""Who works on a step's rows: one applier for all runs, how many of its tasks may run at once, and in which order.

Thread, process, replicas and batch size follow from what the operator hints, what the node says, and what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from junco.cores import num_cores
from junco.engine.apply import Applier, PlainApplier
from junco.engine.batching import BatchSize
from junco.engine.expand import FlatMapStage, OpenStage
from junco.engine.filters import FilterStage
from junco.engine.group import WindowAllStage, WindowStage
from junco.engine.maps import MapStage
from junco.engine.nested import NestedApplier, Start
from junco.engine.operators import MovingApplier, OperatorApplier, Replicas
from junco.engine.policies import SizePolicies
from junco.engine.reduce import ReduceStage
from junco.engine.scoped import ScopedApplier
from junco.engine.single import BATCHES_AT_ONCE, SharedBatches
from junco.engine.stage import Stage, StageOptions, WorkStage
from junco.engine.turns import turn_of
from junco.errors import ContractError
from junco.graph.nodes import GROUPING, Callee, Node
from junco.operator.gate import Gate
from junco.operator.hints import Hints
from junco.operator.resident import Resident
from junco.operator.residents import Residents, alone, resident_of
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
    """A step with the applier that all runs share, and the operators that it holds.

    Attributes:
        operation: the step.
        applier: works on its rows.
        one: works on one row, for single calls.
        options: how its stages may be run.
        held: the operators in memory that it keeps.
        fresh: makes an applier for each stage of a run, where an operator has a state.
        end: what to call once the pipeline has ended; it holds no callable, which may hold the pipeline.
        is_opened_first: under ``flat_map``, rows are asked for in batches, before they are cut into pieces.
    """

    operation: Operation
    applier: Applier
    one: Callable[..., Any]
    options: StageOptions
    held: list[Resident] = field(default_factory=list)
    fresh: Callable[[], Applier] | None = None
    is_opened_first: bool = False
    end: Callable[[], None] | None = None

    def stages(self, of_run: StageOptions) -> list[Stage]:
        """The step's stages for one run, with what is the same for all of its stages."""
        options = replace(self.options, on_error=of_run.on_error, sizes=of_run.sizes)
        applier = self.fresh() if self.fresh is not None else self.applier
        if self.is_opened_first:
            opening = OpenStage(self.operation, applier, options)
            return [opening, FlatMapStage(self.operation, applier, options, is_opened=True)]
        verb = "map" if self.operation.is_joined else self.operation.step.node.verb
        return [_STAGES[verb](self.operation, applier, options)]


def crew_for(operation: Operation, devices: Sequence[str], residents: Residents, sizes: SizePolicies) -> Crew:
    """Put together who works on a step; operators are held but not opened."""
    node = operation.step.node
    callee = node.callee
    assert callee is not None
    if node.backend == "process" and not callee.is_stateful:
        return _in_processes(operation, callee, node.workers or num_cores())
    makes_rows = node.verb == "flat_map" and callee.is_operator and callee.operator.gives_either()
    applier_of = partial(_applier, residents=residents, sizes=sizes, makes_rows=makes_rows)
    if callee.live is not None:
        return _of_operators(operation, applier_of, [], resident_of(callee.live))
    if callee.spec is not None:
        specs = _replicas(callee.spec, node, devices)
        return _of_operators(operation, applier_of, [residents.hold(spec, i) for i, spec in specs])
    plain = PlainApplier(callee.fn, _gate_of(node, callee.fn))
    return Crew(operation, plain, plain.called, _options(node, node.workers or 1, is_ordered=not node.workers))


def _gate_of(node: Node, fn: Callable[..., Any]) -> Gate | None:
    """How many threads may be inside a callable: as many as its step has workers, whoever calls the pipeline.

    What takes its rows from an iterator waits for them inside.
    """
    if node.verb == "reduce":
        return None
    return Gate([None] * node.workers) if node.workers else turn_of(fn)


def crew_of_nested(operation: Operation, start: Start) -> Crew:
    """Who works on a step that holds a pipeline: its own engine."""
    node = operation.step.node
    makes_rows = node.verb == "flat_map"
    applier = NestedApplier(start, makes_rows=makes_rows)
    options = _options(node, node.workers or 1, is_ordered=not node.workers, gains=True)
    return Crew(operation, applier, applier.one, options, is_opened_first=makes_rows)


def _in_processes(operation: Operation, callee: Callee, num_workers: int) -> Crew:
    node = operation.step.node
    if callee.spec is not None and not callee.spec.is_registered:
        raise ContractError(
            f"{node}: {callee.name} has no name, so other processes cannot build their own: "
            f"write class {callee.name}(Operator, family=…, name=…)"
        )
    hints = callee.operator.hints if callee.is_operator else Hints()
    size = BatchSize(hints.max_batch, start=1)
    applier = _process_applier(callee.spec or callee.fn, num_workers, size, is_many=node.verb == "flat_map")
    options = _options(node, num_workers, is_ordered=False, gains=True)
    is_opened_first = node.verb == "flat_map" and callee.is_operator and hints.max_batch != 1
    return Crew(operation, applier, applier.one, options, is_opened_first=is_opened_first, end=applier.close)


def _process_applier(
    fn: Callable[..., Any] | OperatorSpec, num_workers: int, size: BatchSize, *, is_many: bool
) -> Applier:
    from junco.engine.processes import ProcessApplier  # an extra of its own

    return ProcessApplier(fn, num_workers, size, is_many=is_many)


def _of_operators(
    operation: Operation,
    applier_of: Callable[[Resident], OperatorApplier],
    held: list[Resident],
    own: Resident | None = None,
) -> Crew:
    """A crew of one or several replicas of an operator; ``own`` is the caller's own object, which nobody counts."""
    node = operation.step.node
    crew = [applier_of(resident) for resident in ([own] if own else held)]
    hints = crew[0].hints
    if hints.stateful:
        return _with_state(operation, own or held[0], held)
    applier: Applier = crew[0] if len(crew) == 1 else Replicas(crew)
    shares = len(crew) == 1 and crew[0].gains_from_batches and node.verb != "flat_map"  # whose rows come one by one
    one = _shared_batches(crew[0]) if shares else applier.one
    is_opened_first = node.verb == "flat_map" and hints.max_batch != 1 and not crew[0].gives_streams
    made = partial(Crew, operation, one=one, held=held, is_opened_first=is_opened_first)
    is_free = not node.workers and node.backend is None
    is_parallel = hints.thread_safe and hints.releases_gil and len(crew) == 1
    limit = node.workers or (num_cores() if is_parallel else len(crew))
    crew[0].resident.admit(max(limit, BATCHES_AT_ONCE))
    if hints.processes and node.spec is not None and is_free:
        size, is_many = BatchSize(hints.max_batch, start=1), node.verb == "flat_map"
        moving = MovingApplier(crew[0], partial(_process_applier, node.spec, num_cores(), size, is_many=is_many))
        options = _options(node, num_cores(), is_ordered=False, gains=True)
        return made(applier=moving, options=options, end=moving.close)
    gains = hints.releases_gil or limit > 1
    return made(applier=applier, options=_options(node, limit, is_ordered=False, gains=gains))


def _with_state(operation: Operation, resident: Resident, held: list[Resident]) -> Crew:
    """An operator with a state: its rows in their order, a state for each scope, here and not in other processes."""
    fresh = partial(ScopedApplier, resident, partial(alone, resident.spec))
    applier = fresh()
    return Crew(operation, applier, applier.one, _options(operation.step.node, 1, is_ordered=True), held, fresh)


def _applier(resident: Resident, residents: Residents, sizes: SizePolicies, *, makes_rows: bool) -> OperatorApplier:
    """What works on batches of an operator in memory: one for all pipelines, which share what it learns.

    Of one that gives one result or rows there are two.
    """

    def made() -> OperatorApplier:
        return OperatorApplier(resident, sizes.batch(resident), residents.make_room, makes_rows=makes_rows)

    return resident.attached("rows applier" if makes_rows else "applier", made)


def _shared_batches(applier: OperatorApplier) -> SharedBatches:
    """Where callers' rows meet: at the operator in memory, whichever pipelines they come by."""
    return applier.resident.attached("batches", lambda: SharedBatches(applier))


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

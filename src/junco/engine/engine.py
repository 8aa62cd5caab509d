"""`Engine`: a plan, ready to run. It holds the operators; every run gets stages of its own."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from junco.engine.apply import Applier, OperatorApplier, PlainApplier
from junco.engine.batching import BatchSize
from junco.engine.expand import FlatMapStage
from junco.engine.group import WindowAllStage, WindowStage
from junco.engine.pool import pool
from junco.engine.reduce import ReduceStage
from junco.engine.results import Collector
from junco.engine.rows import Reject
from junco.engine.run import Run
from junco.engine.scheduler import Limits, Scheduler
from junco.engine.settle import SettleStage
from junco.engine.single import SharedBatches, SingleCall, is_single_row
from junco.engine.source import Source, SourceSize
from junco.engine.stage import FilterStage, MapStage, OnError, Stage, StageOptions, WorkStage
from junco.engine.stats import StageStats
from junco.errors import ClosedError
from junco.graph.nodes import GROUPING, Graph, Node
from junco.operator.base import Operator
from junco.operator.residents import Resident, residents
from junco.operator.spec import OperatorSpec
from junco.plan.plan import Plan
from junco.plan.program import Drop, Forget, Settle, Work
from junco.settings import num_cores

_STAGES: dict[str, type[WorkStage]] = {
    "map": MapStage,
    "filter": FilterStage,
    "flat_map": FlatMapStage,
    "window": WindowStage,
    "time_window": WindowStage,
    "window_all": WindowAllStage,
    "reduce": ReduceStage,
}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a caller wants a run.

    Attributes:
        on_error: "raise", "skip" or "none".
        ordered: give results in the items' order, or as they come.
        rejected: called with each row that was put aside, in the reader's thread.
        timeout_s: how long the run may take.
    """

    on_error: OnError = "raise"
    ordered: bool = True
    rejected: Callable[[Reject], None] | None = None
    timeout_s: float | None = None


class Engine:
    """Runs a plan: one item at a time, or many."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.is_closed = False
        self._held: list[Resident] = []
        self._workers = [_Worker(work, self._applier(work.step.node)) for work in plan.works]
        self._single = (
            SingleCall(plan, [self._one(worker) for worker in self._workers]) if is_single_row(plan) else None
        )
        self._runs: weakref.WeakSet[Run] = weakref.WeakSet()

    def call(self, item: tuple[Any, ...], options: RunOptions) -> Any:
        """The result for one item."""
        self._check_open()
        if self._single is not None and options.timeout_s is None:
            return self._single(item)
        rows: Iterable[Any] = [item if len(item) > 1 else item[0]]
        return next(Stream(self.run(rows, options)))

    def run(self, items: Iterable[Any], options: RunOptions) -> Run:
        """A run over many items; iterate over it for `Results`."""
        self._check_open()
        flow = self.plan.flow
        source = Source(items, flow, SourceSize())
        stages = self._stages(options.on_error)
        stats = [StageStats(stage.name) for stage in stages]
        scheduler = Scheduler(stages, source.blocks(), Limits())
        rejected = options.rejected or (lambda reject: None)
        collector = Collector(flow, options.on_error, ordered=options.ordered, rejected=rejected)
        deadline_s = None if options.timeout_s is None else time.monotonic() + options.timeout_s
        run = Run(scheduler, source, collector, pool(), stats, deadline_s)
        self._runs.add(run)
        return run

    def close(self) -> None:
        """End the runs that are still going, and release the operators."""
        if not self.is_closed:
            self.is_closed = True
            for run in list(self._runs):
                run.close(wait=False)
            for resident in self._held:
                residents.release(resident)

    def _check_open(self) -> None:
        if self.is_closed:
            raise ClosedError("this pipeline was closed; make a new one with pipeline(…)")

    def _applier(self, node: Node) -> Applier:
        fn = node.fn
        if isinstance(fn, OperatorSpec):
            resident = residents.hold(fn)
            self._held.append(resident)
        elif isinstance(fn, Operator):
            resident = Resident(fn.spec, fn)
        else:
            assert fn is not None
            is_shared = node.workers or node.verb == "reduce" or isinstance(getattr(fn, "graph", None), Graph)
            return PlainApplier(fn, None if is_shared else threading.RLock())
        hints = resident.operator.hints
        return OperatorApplier(resident, BatchSize(hints.max_batch, hints.max_cost))

    def _one(self, worker: _Worker) -> Callable[..., Any]:
        applier = worker.applier
        if isinstance(applier, PlainApplier):
            return applier.one
        assert isinstance(applier, OperatorApplier)
        return SharedBatches(applier) if applier.gains_from_batches else applier.one

    def _stages(self, on_error: OnError) -> list[Stage]:
        """Fresh stages for one run; what the program does between steps is done by the stage before."""
        stages: list[Stage] = [Stage("input", StageOptions(on_error))]
        workers = iter(self._workers)
        for instruction in self.plan.program:
            if isinstance(instruction, (Drop, Forget)):
                stages[-1].after.append(instruction)
            elif isinstance(instruction, Settle):
                stages.append(SettleStage(instruction.level, StageOptions(on_error)))
            else:
                stages.append(next(workers).stage(on_error))
        return stages if stages[0].after else stages[1:] or stages


@dataclass(frozen=True, slots=True)
class _Worker:
    """A step with the applier that all runs share."""

    work: Work
    applier: Applier

    def stage(self, on_error: OnError) -> Stage:
        """The step's stage for one run."""
        return _STAGES[self.work.step.node.verb](self.work, self.applier, replace(self.options(), on_error=on_error))

    def options(self) -> StageOptions:
        """How the stage may be run, from what the node and its operator say."""
        node = self.work.step.node
        if node.verb in GROUPING:
            return StageOptions()
        if node.workers:
            return StageOptions(limit=node.workers, is_ordered=False, gains_from_threads=True)
        if not isinstance(self.applier, OperatorApplier):
            return StageOptions()
        hints = self.applier.hints
        limit = num_cores() if hints.thread_safe and hints.releases_gil and not hints.stateful else 1
        return StageOptions(limit=limit, is_ordered=hints.stateful, gains_from_threads=hints.releases_gil)


class Stream:
    """Results one by one, in bounded memory. Closing or dropping it ends the run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._values: Iterator[Any] = iter(())

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        for value in self._values:
            return value
        for results in self._run:
            self._values = iter(results.values)
            for value in self._values:
                return value
        raise StopIteration

    def rest(self) -> list[Any]:
        """All results that are left."""
        rest = list(self._values)
        for results in self._run:
            rest.extend(results.values)
        return rest

    def close(self) -> None:
        """End the run and wait for what is under way."""
        self._run.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._run.close(wait=False)

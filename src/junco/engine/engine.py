"""`Engine`: a plan, ready to run. It holds the operators; every run gets stages of its own."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from junco.cores import num_cores
from junco.engine.crew import Crew, crew_for
from junco.engine.intake import Intake, IntakeSize
from junco.engine.output import ReadStage
from junco.engine.pool import pool
from junco.engine.results import Collector
from junco.engine.rows import Reject
from junco.engine.run import Run
from junco.engine.scheduler import Limits, Scheduler
from junco.engine.settle import SettleStage
from junco.engine.single import SingleCall, is_single_row
from junco.engine.stage import OnError, Stage, StageOptions, WorkStage
from junco.engine.stats import PipelineStats, StageStats, Totals, Trace
from junco.errors import ClosedError
from junco.operator.residents import residents
from junco.plan.plan import Plan
from junco.plan.program import Drop, Forget, Read, Settle


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a caller wants a run.

    Attributes:
        on_error: "raise", "skip" or "none".
        ordered: give results in the items' order, or as they come.
        rejected: called with each row that was put aside, in the reader's thread.
        timeout_s: how long the run may take.
        trace: where to note what ran when; written when the run ends.
    """

    on_error: OnError = "raise"
    ordered: bool = True
    rejected: Callable[[Reject], None] | None = None
    timeout_s: float | None = None
    trace: Trace | None = None


class Engine:
    """Runs a plan: one item at a time, or many."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.is_closed = False
        self._crews = [crew_for(operation, plan.devices) for operation in plan.operations]
        self._runs: weakref.WeakSet[Run] = weakref.WeakSet()
        stages = self._stages("raise")
        self._totals = Totals([StageStats(stage.name, stage.options.limit) for stage in stages])
        self._work_stats = [
            s for stage, s in zip(stages, self._totals.stages, strict=True) if isinstance(stage, WorkStage)
        ]
        self._single = self._single_call()
        _engines.add(self)

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
        intake = Intake(items, flow, IntakeSize())
        stages = self._stages(options.on_error)
        scheduler = Scheduler(stages, intake.blocks(), Limits())
        rejected = options.rejected or (lambda reject: None)
        collector = Collector(flow, options.on_error, ordered=options.ordered, rejected=rejected)
        deadline_s = None if options.timeout_s is None else time.monotonic() + options.timeout_s
        intake.size.start(max(stage.item_s for stage in self._totals.stages))
        run = Run(scheduler, intake, collector, pool(), self._totals, deadline_s, options.trace)
        self._runs.add(run)
        return run

    def stats(self) -> PipelineStats:
        """What the stages have done so far, in all runs and single calls."""
        with pool().lock:
            stages = tuple(
                replace(stage, batch_rows=crew.applier.batch_rows)
                for crew, stage in zip(self._crews, self._work_stats, strict=True)
            )
            going_s = sum(time.monotonic() - run.started_s for run in self._runs if not run.is_cancelled)
            # single calls note nothing but what their steps took
            num_items = stages[-1].num_items if self._single is not None and stages else self._totals.num_items
            return PipelineStats(stages, self._totals.wall_s + going_s, num_items, num_cores())

    def renew(self) -> None:
        """In a forked child: go on without the parent's threads, and without the locks that they may hold for ever."""
        for run in list(self._runs):
            run.abandon()
        if not self.is_closed:
            old, self._crews = (
                self._crews,
                [crew_for(operation, self.plan.devices) for operation in self.plan.operations],
            )
            self._single = self._single_call()
            _release(old)

    def close(self) -> None:
        """End the runs that are still going, and release the operators."""
        if not self.is_closed:
            self.is_closed = True
            for run in list(self._runs):
                run.close(wait=False, because=ClosedError("the pipeline was closed while this stream was read"))
            _release(self._crews)

    def _single_call(self) -> SingleCall | None:
        if not is_single_row(self.plan):
            return None
        return SingleCall(self.plan, [crew.one for crew in self._crews], self._work_stats)

    def _check_open(self) -> None:
        if self.is_closed:
            raise ClosedError("this pipeline was closed; make a new one with pipeline(…)")

    def _stages(self, on_error: OnError) -> list[Stage]:
        """Fresh stages for one run; what the program does between steps is done by the stage before."""
        stages: list[Stage] = [Stage("input", StageOptions(on_error))]
        crews = iter(self._crews)
        for instruction in self.plan.program:
            if isinstance(instruction, (Drop, Forget)):
                stages[-1].after.append(instruction)
            elif isinstance(instruction, Read):
                stages.append(ReadStage(instruction, StageOptions(on_error)))
            elif isinstance(instruction, Settle):
                stages.append(SettleStage(instruction.level, StageOptions(on_error)))
            else:
                stages.append(next(crews).stage(on_error))
        return stages if stages[0].after else stages[1:] or stages


def _release(crews: Sequence[Crew]) -> None:
    for crew in crews:
        for resident in crew.held:
            residents.release(resident)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _renew() -> None:
    for engine in list(_engines):
        engine.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


class Stream:
    """Results one by one, in bounded memory. Closing or dropping it ends the run."""

    def __init__(self, run: Run, owner: object = None) -> None:
        self._run = run
        self._owner = owner  # a pipeline without a name of its own lives as long as its streams
        self._values: Iterator[Any] = iter(())
        weakref.finalize(self, run.close, wait=False)

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

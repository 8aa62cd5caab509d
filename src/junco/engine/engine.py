"""`Engine`: a plan, ready to run. It holds the operators; every run gets stages of its own."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from junco.cores import num_cores
from junco.engine.callers import by_deadline
from junco.engine.counted import Counted, now_counted
from junco.engine.crew import Crew, crew_for, crew_of_nested
from junco.engine.holdings import Holdings
from junco.engine.intake import Intake
from junco.engine.join import JoinStage
from junco.engine.options import RunOptions
from junco.engine.policies import SizePolicies
from junco.engine.pool import Pool, pool
from junco.engine.results import ItemCollector, RowCollector
from junco.engine.rows import Reject
from junco.engine.run import Run, Terms
from junco.engine.scheduler import Limits, Scheduler
from junco.engine.single import SingleCall, is_single_row
from junco.engine.stage import OnError, Stage, StageOptions, WorkStage
from junco.engine.staging import staged
from junco.engine.stats import PipelineStats, StageStats, Totals
from junco.engine.stream import Stream
from junco.operator.lanes import Lane, lane, left_s
from junco.operator.opening import last_opened, opened_s
from junco.operator.residents import residents
from junco.plan.plan import Plan
from junco.plan.program import Operation, compile_flow, operations_of


class Engine:
    """Runs a plan: one item at a time, or many.

    Args:
        plan: what to run.
        pool: gives the threads that help; the process's own by default.
        holdings: take what has to be let go of; they keep the operators in the process's own residents by default.
        sizes: how many rows go together, in pipelines in its steps too.
    """

    def __init__(
        self,
        plan: Plan,
        pool: Callable[[], Pool] = pool,
        holdings: Holdings | None = None,
        sizes: SizePolicies | None = None,
    ) -> None:
        plan.check_files()
        self.plan = plan
        self._pool = pool
        self._holdings = holdings or Holdings(residents)
        self._sizes = sizes or SizePolicies()
        self._inner: list[Engine] = []
        self._crews = self._new_crews()
        self._supply_counts = {
            crew.operation.step.node.name: StageStats(crew.operation.step.node.name) for crew in self._crews
        }
        self._totals = Totals([])
        self._work_stats: list[StageStats] = []
        self._count_by_step()
        self._single = self._single_call()
        _engines.add(self)

    def call(self, item: tuple[Any, ...], timeout_s: float | None = None) -> Any:
        """The result for one item."""
        self._holdings.check_open()
        if self._single is not None:
            return self._single(item) if timeout_s is None else by_deadline(partial(self._single, item), timeout_s)
        is_let_go = timeout_s is None  # at its end of time by whoever waits for this thread, if it has one
        timeout_s = left_s() if timeout_s is None else timeout_s
        rows: Iterable[Any] = [item if len(item) > 1 else item[0]]
        return next(self.stream(rows, RunOptions(timeout_s=timeout_s, lane=Lane.ONLINE, is_let_go=is_let_go)))

    def stream(self, items: Iterable[Any], options: RunOptions, owner: object = None) -> Stream:
        """The results for many items one by one; ``owner`` lives as long as these are wanted."""
        return Stream(self.run(items, options), owner)

    def run(self, items: Iterable[Any], options: RunOptions, outer: Counted | None = None) -> Run:
        """A run over many items; iterate over it for `Results`. ``outer`` is the stage in which it is a step."""
        self._holdings.check_open()
        flow = self.plan.flow
        intake = Intake(items, flow, self._sizes.intake())
        stages = self.stages(options.on_error)
        scheduler = Scheduler(stages, intake.blocks(), Limits())
        rejected = options.rejected or (lambda reject: None)
        kind = RowCollector if options.by_rows else ItemCollector
        collector = kind(flow, options.on_error, ordered=options.ordered, rejected=rejected)
        deadline_s = None if options.timeout_s is None else time.monotonic() + options.timeout_s
        intake.size.start(self._totals.slowest_item_s())
        terms = Terms(deadline_s, options.trace, options.lane, options.is_let_go, options.sums, outer)
        run = Run(scheduler, intake, collector, self._pool(), self._totals, terms)
        self._holdings.runs.add(run)
        return run

    def open(self, *, is_counted: bool = False) -> None:
        """Load all operators now, those of pipelines in steps too; ``is_counted``: as a part of the work to be done."""
        self._holdings.check_open()
        for crew, counts in zip(self._crews, self._work_stats, strict=True):
            callee, before_s = crew.operation.step.node.callee, opened_s()
            if callee is not None and callee.live is not None:
                callee.live.ensure_open()
            for resident in crew.held:
                with resident:
                    pass
            if is_counted and opened_s() > before_s:
                with self._pool().lock:
                    counts.observe_loading(last_opened())
        for inner in self._inner:
            inner.open(is_counted=is_counted)

    def check_files(self) -> None:
        """Refuse to begin where an operator in memory was loaded from files that are others by now.

        Raises:
            IntegrityError: a file was changed since.
        """
        for crew in self._crews:
            callee = crew.operation.step.node.callee
            own = [callee.live] if callee is not None and callee.live is not None else []
            for operator in (*own, *(resident.operator for resident in crew.held)):
                operator.check_files()
        for inner in self._inner:
            inner.check_files()

    def stats(self) -> PipelineStats:
        """What the stages have done so far, in all runs and single calls."""
        with self._pool().lock:
            stages = tuple(
                replace(stage, batch_rows=crew.applier.batch_rows)
                for crew, stage in zip(self._crews, self._work_stats, strict=True)
            )
            going_s = sum(time.monotonic() - run.started_s for run in self._holdings.runs if not run.is_cancelled)
            # single calls note nothing but what their steps took
            num_items = stages[-1].num_items if self._single is not None and stages else self._totals.num_items
            return PipelineStats(stages, self._totals.wall_s + going_s, num_items, num_cores())

    def renew(self) -> None:
        """In a forked child: go on without the parent's threads, and without the locks that they may hold for ever."""
        for run in list(self._holdings.runs):
            run.abandon()
        if not self.is_closed:
            self._holdings.give_back()
            self._inner = []
            self._crews = self._new_crews()
            self._single = self._single_call()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._holdings.is_closed

    def close(self) -> None:
        """End the runs that are still going, and release the operators."""
        self._holdings.close()

    def _single_call(self) -> SingleCall | None:
        if not is_single_row(self.plan):
            return None
        return SingleCall(self.plan, [crew.one for crew in self._crews], self._work_stats)

    def stages(self, on_error: OnError) -> list[Stage]:
        """Fresh stages for one run."""
        self._holdings.check_open()
        return staged(self.plan.program, iter(self._crews), self._options(on_error), self._supply_counts)

    def stages_one_by_one(self, on_error: OnError) -> list[Stage]:
        """Fresh stages of which none hides in another, so that each can be looked at: levels are made whole."""
        self._holdings.check_open()
        program = compile_flow(self.plan.flow, joins=False)
        crews = {crew.operation.step.node.name: crew for crew in self._crews}
        own = (replace(crews[operation.step.node.name], operation=operation) for operation in operations_of(program))
        return staged(program, own, self._options(on_error), self._supply_counts)

    def _options(self, on_error: OnError) -> StageOptions:
        return StageOptions(on_error, sizes=self._sizes.rows)

    def _new_crews(self) -> list[Crew]:
        crews = [self._crew(operation) for operation in self.plan.operations]
        self._holdings.hold(resident for crew in crews for resident in crew.held)
        self._holdings.end_with(crew.end for crew in crews if crew.end is not None)
        return crews

    def _crew(self, operation: Operation) -> Crew:
        inner = self.plan.nested.get(operation.step.node.name)
        if inner is None:
            return crew_for(operation, self.plan.devices, self._holdings.residents, self._sizes)
        engine = Engine(inner, self._pool, self._holdings.within(), self._sizes)
        self._inner.append(engine)
        return crew_of_nested(operation, engine.inner_run)

    def inner_run(self, items: Sequence[Any], stop: bool, rejected: Callable[[Reject], None], *, by_rows: bool) -> Run:
        """A run for rows of another pipeline, in which this one is a step."""
        options = RunOptions("raise" if stop else "skip", rejected=rejected, by_rows=by_rows, lane=lane())
        return self.run(items, options, now_counted())

    def _count_by_step(self) -> None:
        """One count for each stage, and one for both of a step that has two."""
        for stage in self.stages("raise"):
            counts = self._totals.stages[-1] if stage.is_second_half else stage.counts()
            self._totals.stages.append(counts)
            if isinstance(stage, JoinStage):
                self._work_stats += stage.supply_counts
            elif isinstance(stage, WorkStage) and not stage.is_second_half:
                self._work_stats.append(counts)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _renew() -> None:
    for engine in list(_engines):
        engine.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

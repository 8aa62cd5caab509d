"""`Game`: a run played by virtual workers, with blocks, pieces and batches of random sizes, in any order.

There is no thread, no sleeping and no clock: whatever timing there can be is an order of steps. All sizes are tiny, so
that every block is cut and every limit is reached: what depends on a size shows in seconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st

from junco.cores import num_cores
from junco.engine.batching import BatchSize
from junco.engine.engine import Engine
from junco.engine.holdings import Holdings
from junco.engine.intake import Intake, IntakeSize
from junco.engine.pieces import PieceSize
from junco.engine.policies import SizePolicies
from junco.engine.results import ItemCollector
from junco.engine.rows import Block, Reject
from junco.engine.scheduler import Limits, Scheduler, Task
from junco.graph.levels import Step
from junco.graph.nodes import Graph
from junco.operator.resident import Resident
from junco.operator.residents import Residents
from junco.plan.plan import make_plan

MOST_STEPS = 100_000
LARGEST_BATCH = 3
SEEDS = st.integers(0, 2**32 - 1)


class AnySize:
    """Intake blocks and pieces of one to three rows, whatever the time says."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.rows = 1

    def observe(self, *_: Any) -> None:
        self.rows = self.chance.randint(1, 3)


class AnyIntakeSize(IntakeSize):
    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    def next_rows(self) -> int:
        return self.chance.randint(1, 3)


@dataclass
class Worker:
    """A virtual thread: it has taken a task, works on it at some later step, and reports at a later one still."""

    task: Task
    blocks: list[Block] | None = None
    is_finished: bool = False

    def work(self) -> None:
        if not self.task.is_stepwise:
            self.blocks, self.is_finished = list(self.task.work), True
            return
        block = next(self.task.work, None)
        self.blocks = [] if block is None else [block]
        self.is_finished = block is None or (not self.task.is_intake and block.ends[-1])


@dataclass
class Game:
    """One run of a graph, played by virtual workers; ``results`` are as the caller would see them."""

    graph: Graph
    chance: random.Random
    on_error: str = "raise"
    ordered: bool = True
    results: list[Any] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    most_blocks: int = 0

    def play(self, items: Sequence[Any]) -> list[Any]:
        sizes = SizePolicies(piece=self._piece_size, batch=self._batch_size)
        engine = Engine(make_plan(self.graph), holdings=Holdings(Residents()), sizes=sizes)
        try:
            stages = engine.stages(self.on_error)
            self.num_splitting = sum(stage.may_split for stage in stages)
            flow = engine.plan.flow
            source = Intake(items, flow, AnyIntakeSize(self.chance), clock=lambda: 0.0)
            self.limits = Limits(max_blocks=self.chance.randint(1, 4), max_ready=self.chance.randint(1, 2))
            self.num_workers = self.chance.randint(1, 6)
            self.scheduler = Scheduler(stages, source.blocks(), self.limits)
            self.collector = ItemCollector(flow, self.on_error, ordered=self.ordered, rejected=self.rejects.append)
            self._play()
        finally:
            self.scheduler.close()
            engine.close()
        return self.results

    def _piece_size(self, step: Step) -> Any:
        # what a row gave in earlier pieces stays when it fails later: the reference knows no pieces
        return PieceSize() if "late" in str(step.node.fn) else AnySize(self.chance)

    def _batch_size(self, _: Resident) -> BatchSize:
        return BatchSize(max_rows=self.chance.randint(1, LARGEST_BATCH))

    def _play(self) -> None:
        workers: list[Worker] = []
        for _ in range(MOST_STEPS):
            if self.scheduler.is_finished and not self.scheduler.ready:
                assert not workers
                assert (self.scheduler.num_blocks, self.scheduler.num_bytes) == (0, 0)
                return
            moves = list(self._moves(workers))
            assert moves, "nobody can do anything, and the run is not over"
            self.chance.choice(moves)()
            self._look()
        pytest.fail(f"not finished after {MOST_STEPS:,} steps")

    def _moves(self, workers: list[Worker]) -> Iterator[Any]:
        """What may happen next. Taking a task changes the scheduler, so it is tried only when it is chosen."""
        for worker in workers:
            yield worker.work if worker.blocks is None else lambda worker=worker: self._report(worker, workers)
        if self.scheduler.ready:
            yield self._deliver
        elif not workers:  # then there must be something to take
            yield lambda: self._take(workers, must=True)
        if len(workers) < self.num_workers:
            yield lambda: self._take(workers)

    def _take(self, workers: list[Worker], must: bool = False) -> None:
        task = self.scheduler.next_task()
        assert task is not None or not must, "no task is under way, none can be taken, and the run is not over"
        if task is not None:
            workers.append(Worker(task))

    def _report(self, worker: Worker, workers: list[Worker]) -> None:
        workers.remove(worker)
        self.scheduler.done(worker.task, worker.blocks, is_finished=worker.is_finished)

    def _deliver(self) -> None:
        for results in self.collector.add(self.scheduler.deliver()):
            self.positions.extend(results.positions)
            self.results.extend(results.values)

    def _look(self) -> None:
        """Beyond the limit there is only the head, cut at each splitting step, and what is being made."""
        most = max(self.limits.max_blocks, (num_cores() + 2) * LARGEST_BATCH) + self.num_splitting + self.num_workers
        assert self.scheduler.num_blocks <= most
        self.most_blocks = max(self.most_blocks, self.scheduler.num_blocks)

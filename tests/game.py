"""`Game`: a run played by virtual workers, with blocks, pieces and batches of random sizes, in any order.

There is no thread, no sleeping and no clock: whatever timing there can be is an order of steps. All sizes are tiny, so
that every block is cut and every limit is reached: what depends on a size shows in seconds.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from junco.cores import num_cores
from junco.engine.batching import BatchSize
from junco.engine.engine import Engine
from junco.engine.holdings import Holdings
from junco.engine.intake import Intake, IntakeSize
from junco.engine.pieces import ListsSize, PieceSize, RowSizes, WindowsSize
from junco.engine.policies import SizePolicies
from junco.engine.results import ItemCollector, RowCollector
from junco.engine.rows import Block, Reject
from junco.engine.scheduler import Limits, Scheduler, Task
from junco.errors import OperatorError
from junco.graph.levels import Step
from junco.graph.nodes import Graph
from junco.operator.resident import Resident
from junco.operator.residents import Residents
from junco.plan.plan import make_plan

MOST_STEPS = 100_000
LARGEST_BATCH, MOST_WORKERS = 3, 3
SEEDS = st.integers(0, 2**32 - 1)


class AnyPieces(PieceSize):
    """Pieces of one to three rows, whatever the time says."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.rows = 1

    def observe(self, *_: Any) -> None:
        self.rows = self.chance.randint(1, 3)


class AnyWindows(WindowsSize):
    """One to three windows at once."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.rows = chance.randint(1, 3)

    def observe(self, row_bytes: float) -> None:
        self.rows = self.chance.randint(1, 3)


class AnyLists(ListsSize):
    """Lists of one to three rows at once, of which two may be all that there is room for."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    def within(self, room: float, most: int) -> int:
        return self.chance.randint(1, 3)

    def observe(self, lists: Sequence[Any]) -> float:
        return self.MAX_BYTES * self.chance.choice([0.0, 0.5, 1.0])


class AnyIntake(IntakeSize):
    """Blocks of one to three items."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    def next_rows(self) -> int:
        return self.chance.randint(1, 3)


def any_sizes(chance: random.Random) -> SizePolicies:
    """Policies that follow nothing but chance."""

    def piece(_: Step) -> PieceSize:
        return AnyPieces(chance)

    def batch(_: Resident) -> BatchSize:
        return BatchSize(max_rows=chance.randint(1, LARGEST_BATCH))

    rows = RowSizes(piece, lambda step: AnyWindows(chance), lambda step: AnyLists(chance))
    return SizePolicies(lambda: AnyIntake(chance), rows, batch)


def with_any_workers(graph: Graph, chance: random.Random) -> Graph:
    """The same graph with several workers for some of the steps that bear them: their blocks overtake each other."""
    nodes = [
        dataclasses.replace(node, workers=chance.randint(1, 3))
        if node.verb in ("map", "flat_map", "filter") and chance.random() < 0.5
        else node
        for node in graph.nodes
    ]
    return dataclasses.replace(graph, nodes=tuple(nodes))


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
    """One run of a graph, played by virtual workers; ``results`` are as the caller would see them.

    Attributes:
        by_rows: the caller reads row by row.
        stops: the caller goes away after a while, whatever is under way then.
    """

    graph: Graph
    chance: random.Random
    on_error: str = "raise"
    ordered: bool = True
    by_rows: bool = False
    stops: bool = False
    results: list[Any] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    most_blocks: int = 0
    num_early: int = 0

    def play(self, items: Sequence[Any]) -> list[Any]:
        graph = with_any_workers(self.graph, self.chance)
        engine = Engine(make_plan(graph), holdings=Holdings(Residents()), sizes=any_sizes(self.chance))
        try:
            stages = engine.stages(self.on_error)
            self.num_splitting = sum(stage.may_split for stage in stages)
            flow = engine.plan.flow
            is_live = self.chance.random() < 0.3
            self.source = Intake(
                self._live(items) if is_live else items, flow, AnyIntake(self.chance), clock=lambda: 0.0
            )
            self.limits = Limits(max_blocks=self.chance.randint(1, 4), max_ready=self.chance.randint(1, 2))
            self.num_workers = self.chance.randint(1, 6)
            self.num_steps = self.chance.randint(0, 60) if self.stops else MOST_STEPS
            self.scheduler = Scheduler(stages, self.source.blocks(), self.limits)
            kind = RowCollector if self.by_rows else ItemCollector
            self.collector = kind(flow, self.on_error, ordered=self.ordered, rejected=self.rejects.append)
            self._play()
        finally:
            self.scheduler.close()
            engine.close()
        return self.results

    def _live(self, items: Sequence[Any]) -> Iterator[Any]:
        """A source that is long in coming: what has come of its block may be taken before the rest."""
        for item in items:
            if self.chance.random() < 0.3 and (block := self.source.early()) is not None:
                self.num_early += 1
                self.scheduler.come(block)
            yield item

    def _play(self) -> None:
        workers: list[Worker] = []
        for _ in range(self.num_steps):
            if self.scheduler.is_finished and not self.scheduler.ready:
                assert not workers
                assert (self.scheduler.num_blocks, self.scheduler.num_bytes) == (0, 0)
                return
            moves = list(self._moves(workers))
            assert moves, "nobody can do anything, and the run is not over"
            try:
                self.chance.choice(moves)()
            except OperatorError:
                self._leave(workers)
                raise
            self._look()
        assert self.stops, f"not finished after {MOST_STEPS:,} steps"
        self._leave(workers)

    def _leave(self, workers: Sequence[Worker]) -> None:
        """The caller has gone: what is under way ends by itself, and is nobody's any more."""
        for worker in workers:
            if worker.blocks is None:
                worker.work()
            self.scheduler.done(worker.task, [], is_finished=True)

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
        most = max(self.limits.max_blocks, (max(num_cores(), MOST_WORKERS) + 2) * LARGEST_BATCH)
        most += self.num_splitting + self.num_workers + self.num_early
        assert self.scheduler.num_blocks <= most
        self.most_blocks = max(self.most_blocks, self.scheduler.num_blocks)

"""What to run next: a policy over stages and blocks that owns no thread, no lock and no clock.

The most downstream ready stage goes first, so that memory stays bounded and blocks leave early. Three rules make it
safe:

1. New work (from the source, or more pieces of a block) is taken only while few blocks are under way. The *head*, the
   oldest block under way, is exempt: so something can always go on.
2. A stage that needs its blocks in order waits for the next one, which is always the head or before it.
3. A block that carries an error is passed on in its place; whatever comes after it is not worked on any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from junco.cores import num_cores
from junco.engine.order import BlockOrder, Key
from junco.engine.rows import Block
from junco.engine.sizes import column_bytes
from junco.engine.stage import Stage
from junco.memory import memory_bytes

INTAKE = -1
"""The place of the source among the stages."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be under way at once.

    Attributes:
        max_blocks: blocks between the source and the caller.
        max_bytes: bytes that they may hold together: more on a machine with more cores to feed, and never more than
            an eighth of the memory.
        max_ready: blocks of finished results that wait for the caller.
    """

    max_blocks: int = 16
    max_bytes: int = field(default_factory=lambda: min(128_000_000 + 64_000_000 * num_cores(), memory_bytes() // 8))
    max_ready: int = 4

    @property
    def max_batch_bytes(self) -> int:
        """Of one batch, so that the next one is made ready meanwhile."""
        return self.max_bytes // 4


@dataclass(slots=True, eq=False)
class Task:
    """One step of work: let ``work`` give its next block, or all of them."""

    stage: int
    work: Iterator[Block]
    key: Key = ()
    num_rows: int = 0
    num_items: int = 0
    num_bytes: int = 0
    since_s: float = 0.0
    is_stepwise: bool = False
    is_resumed: bool = False

    @property
    def is_intake(self) -> bool:
        return self.stage == INTAKE


@dataclass(slots=True)
class StageState:
    """A stage's queue and what it has under way."""

    stage: Stage
    waiting: BlockOrder[Block] | None
    queue: list[Block] = field(default_factory=list)
    num_running: int = 0
    suspended: list[Task] = field(default_factory=list)
    is_busy_in_order: bool = False

    @property
    def has_work(self) -> bool:
        """Whether anything waits for it, or is to go on."""
        return bool(self.suspended or self.queue or self.waiting)


class Scheduler:
    """The state of one run. The caller guards it with a lock, runs the tasks, and reports each as done."""

    def __init__(self, stages: Sequence[Stage], source: Iterator[Block], limits: Limits) -> None:
        self.limits = limits
        self.source = source
        self.states = [StageState(s, BlockOrder() if s.options.is_ordered else None) for s in stages]
        self.ready: list[Block] = []
        self._most_workers = max((stage.options.limit for stage in stages), default=1)
        self.is_exhausted = False
        self.is_source_slow = False
        self.num_running = 0
        self.num_blocks = 0
        self.num_bytes = 0
        self.cut: Key | None = None
        self.is_pulling = False
        self._rows_per_block = 1
        self._under_way: set[Key] = set()
        self._with_work: set[int] = set()
        """Stages that may have something to do, so that the others need not be asked."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing is under way and nothing will come."""
        return self.is_exhausted and not self._under_way and not self.num_running

    @property
    def num_at_work(self) -> int:
        """Tasks under way, without that of the source, who may wait for long."""
        return self.num_running - self.is_pulling

    def next_task(self) -> Task | None:
        """The task to run now, if there is one. Full batches are preferred while others have work."""
        for patient in (False,) if self.is_source_slow else (True, False):
            for index in sorted(self._with_work, reverse=True):
                task = self._resumed(index) or self._started(index, patient)
                if task is not None:
                    self.num_running += 1
                    self.states[index].num_running += 1
                    return task
                if not self.states[index].has_work:
                    self._with_work.discard(index)
            if self._may_pull():
                self.is_pulling = True
                self.num_running += 1
                return Task(INTAKE, self.source, is_stepwise=True)
            if self.num_running and patient:
                return None  # what is running will bring more rows for the batches that wait
        return None

    def done(self, task: Task, blocks: Sequence[Block], *, is_finished: bool) -> None:
        """A task has given ``blocks``; unless ``is_finished`` it is suspended and will give more."""
        self.num_running -= 1
        for block in blocks:
            self._measure(block, is_new=task.is_stepwise)
            self._forward(block, task.stage + 1)
        if task.is_intake:
            self._rows_per_block = max((block.num_items for block in blocks), default=0) or self._rows_per_block
            self.is_pulling = False
            self.is_exhausted = self.is_exhausted or is_finished
            return
        state = self.states[task.stage]
        state.num_running -= 1
        if not is_finished:
            state.suspended.append(task)
            self._with_work.add(task.stage)
            return
        state.is_busy_in_order = False
        if task.is_stepwise:
            self._leave(task.key, task.num_bytes)

    def come(self, block: Block) -> None:
        """A block has come from the source while its task goes on."""
        self._measure(block, is_new=True)
        self._forward(block, 0)

    def failed(self, task: Task, error: BaseException) -> Block:
        """An error block in the place of a task that broke outside any operator."""
        return Block(task.key, tuple(True for _ in task.key), 0, 0, [], {}, error=error)

    def deliver(self) -> list[Block]:
        """Finished blocks, for the caller; they are no longer under way."""
        ready, self.ready = self.ready, []
        for block in ready:
            self._leave(block.key, block.num_bytes)
        return ready

    def close(self) -> None:
        """Let go of everything that waits."""
        for state in self.states:
            for task in state.suspended:
                task.work.close()  # type: ignore[attr-defined]  # stages give generators
            state.suspended = []
            state.queue = []
            state.waiting = BlockOrder() if state.waiting is not None else None
            state.stage.close()
        self.ready = []
        self._under_way = set()
        self.is_exhausted = True

    def _may_pull(self) -> bool:
        if self.is_exhausted or self.is_pulling or self.cut is not None:
            return False
        return not self._under_way or self._has_room()

    @property
    def max_blocks(self) -> int:
        """Blocks under way: a largest batch for each core or worker, one that waits and one that fills."""
        return max(self.limits.max_blocks, (max(num_cores(), self._most_workers) + 2) * max(1, self._largest_batch()))

    @property
    def max_ready(self) -> int:
        """Blocks that wait for the caller, who may be at work himself while each worker makes one ready."""
        return max(self.limits.max_ready, max(2, self._most_workers) * self._largest_batch(), self._most_workers)

    def _largest_batch(self) -> int:
        """In blocks."""
        return max((state.stage.batch_rows for state in self.states), default=1) // self._rows_per_block

    def _has_room(self) -> bool:
        return (
            self.num_blocks < self.max_blocks
            and self.num_bytes < self.limits.max_bytes
            and len(self.ready) < self.max_ready
        )

    def _may_go_on(self, key: Key) -> bool:
        return self._has_room() or (len(self.ready) < self.max_ready and self._is_head(key))

    def _is_head(self, key: Key) -> bool:
        """Whether nothing under way comes before what ``key`` will give next, its own earlier pieces included."""
        return all(o == key[: len(o)] or (o > key and o[: len(key)] != key) for o in self._under_way)

    def _resumed(self, index: int) -> Task | None:
        state = self.states[index]
        if not state.suspended or state.num_running >= max(1, state.stage.options.limit):
            return None
        for i, task in enumerate(state.suspended):
            if self._may_go_on(task.key):
                return state.suspended.pop(i)
        return None

    def _started(self, index: int, patient: bool) -> Task | None:
        state = self.states[index]
        if state.num_running >= state.stage.options.limit or state.is_busy_in_order:
            return None
        blocks = self._taken(state, patient)
        if not blocks:
            return None
        if state.waiting is not None:
            state.is_busy_in_order = True
        num_rows = sum(state.stage.rows_of(block) for block in blocks)
        num_bytes = sum(block.num_bytes for block in blocks)
        is_stepwise = state.stage.may_split
        num_items = sum(block.num_new_items for block in blocks)
        since_s = min(block.since_s for block in blocks)
        return Task(index, state.stage.run(blocks), blocks[0].key, num_rows, num_items, num_bytes, since_s, is_stepwise)

    def _taken(self, state: StageState, patient: bool) -> list[Block]:
        if state.waiting is not None:
            block = state.waiting.peek()
            if block is None or (state.stage.may_split and not self._may_go_on(block.key)):
                return []
            return [state.waiting.pop(block.ends)]
        if not state.queue:
            return []
        state.queue.sort(key=lambda block: block.key)
        if state.stage.may_split:
            return [state.queue.pop(0)] if self._may_go_on(state.queue[0].key) else []
        wanted, count, num_rows, num_bytes = state.stage.batch_rows, 0, 0, 0
        for block in state.queue:
            num_rows += state.stage.rows_of(block)
            num_bytes += block.num_bytes
            if count and (num_rows > wanted or num_bytes > self.limits.max_batch_bytes):
                break
            count += 1
        is_full = num_rows >= wanted or count < len(state.queue)
        if patient and not is_full:
            return []
        taken, state.queue = state.queue[:count], state.queue[count:]
        return taken

    def _measure(self, block: Block, is_new: bool) -> None:
        num_bytes = sum(column_bytes(c) for table in block.tables.values() for c in table.columns.values())
        if is_new:
            self._under_way.add(block.key)
            self.num_blocks += 1
        self.num_bytes += num_bytes - (0 if is_new else block.num_bytes)
        block.num_bytes = num_bytes

    def _leave(self, key: Key, num_bytes: int) -> None:
        if key in self._under_way:
            self._under_way.remove(key)
            self.num_blocks -= 1
            self.num_bytes -= num_bytes

    def _forward(self, block: Block, index: int) -> None:
        if self.cut is not None and block.key[: len(self.cut)] > self.cut:
            self._leave(block.key, block.num_bytes)
            return
        if block.error is not None:
            self.cut = block.key
        if index == len(self.states):
            self.ready.append(block)
            return
        self._with_work.add(index)
        state = self.states[index]
        if state.waiting is not None:
            state.waiting.push(block.key, block)
        else:
            state.queue.append(block)

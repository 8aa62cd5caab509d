"""A run: one stream of items through the stages, driven by the thread that reads its results.

The four ends, and what holds in each:

1. The input ends: all results have been given, the stages are closed.
2. An operator fails: all results before the failing item are given, then its error is raised.
3. The reader stops (closes the stream, Ctrl-C, deadline): no new task starts; tasks under way end by themselves.
   Nobody waits for an input that does not come.
4. A worker dies: its task's place carries the error, and the run ends as in 2.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from junco.cores import at_work, num_cores
from junco.engine.counted import Counted, Sums, counted_for
from junco.engine.intake import Intake
from junco.engine.live import SourceThread
from junco.engine.pool import Pool
from junco.engine.results import Collector, Results, Rows
from junco.engine.rows import Block
from junco.engine.scheduler import Scheduler, Task
from junco.engine.stats import Totals
from junco.engine.trace import Trace
from junco.errors import ClosedError, DeadlineError
from junco.operator.lanes import Lane, in_lane, waiting_for_me, working_for
from junco.operator.opening import last_opened, opened_s

WORTH_A_THREAD_S = 0.0005
"""Tasks shorter than this are not handed to other threads: passing them on would cost as much."""


LARGE_BYTES = 1_000_000
"""Blocks smaller than this are not worth cutting finer."""

SLOW_ROW_S = 0.001
"""A Python callable that takes so long for a row most likely waits, or computes outside the interpreter lock."""

LAST_ITEM_S = 0.1
"""How long a run that ends waits for its source, which may be waiting itself."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run's caller asks of it.

    Attributes:
        deadline_s: when it must have ended, on the monotonic clock.
        trace: where to note what ran when.
        lane: how urgent it is.
        is_let_go: whether the reader may be at work when its time is over: nobody waits for its thread then.
        sums: where to count what operators note of its rows, besides the pipeline's own counts.
        outer: the stage of another pipeline in which this one's is a step.
    """

    deadline_s: float | None = None
    trace: Trace | None = None
    lane: Lane = Lane.BATCH
    is_let_go: bool = False
    sums: Sums | None = None
    outer: Counted | None = None


class Run:
    """One run; iterate over it for `Results`."""

    def __init__(
        self,
        scheduler: Scheduler,
        intake: Intake,
        collector: Collector,
        pool: Pool,
        totals: Totals,
        terms: Terms | None = None,
    ) -> None:
        terms = terms or Terms()
        self.scheduler = scheduler
        self.intake = intake
        self.collector = collector
        self.pool = pool
        self.totals = totals
        self.deadline_s, self.trace, self.lane = terms.deadline_s, terms.trace, terms.lane
        self.reader_is_free = self.deadline_s is not None and not terms.is_let_go
        self._counted = [Counted(stage, terms.sums, terms.outer) for stage in totals.stages]
        self.started_s = time.monotonic()
        self.is_cancelled = False
        self._has_ended = False
        self._changed = threading.Condition(pool.lock)
        self._ready: Iterator[Results | Rows] = iter(())
        self._error: BaseException | None = None
        self._is_helped = False
        self._mine = threading.local()
        self._waiting = waiting_for_me()
        self._live = SourceThread(self._execute) if intake.may_wait else None
        self._wants_help = self.num_extra_workers > 0
        """Whether other threads are to help from the first task on, which may wait for the next ones."""
        if self.reader_is_free:
            self.ask_for_help()

    def __iter__(self) -> Iterator[Results | Rows]:
        return self

    def __next__(self) -> Results | Rows:
        """The next finished items; there may be none among them."""
        try:
            while (results := self._next_ready()) is None:
                if self._error is not None:
                    raise self._error
                if not self._advance():
                    raise StopIteration
            return results
        except (KeyboardInterrupt, DeadlineError):
            self.close(wait=False)  # the reader wants to go on now; tasks under way end by themselves
            raise
        except BaseException:
            self.close()
            raise

    @property
    def crew(self) -> Hashable:
        """All runs of one engine share the threads of its workers."""
        return id(self.totals)

    @property
    def num_extra_workers(self) -> int:
        """Threads that its crew needs beyond one a core, for as many workers as a step has."""
        most = max((state.stage.options.limit for state in self.scheduler.states), default=1)
        return max(0, most - num_cores())

    @property
    def num_own_threads(self) -> int:
        """One in place of a reader who must stay free to leave when its time is over."""
        return int(self.reader_is_free)

    @property
    def is_at_work(self) -> bool:
        """Whether tasks of it are under way, also where nobody waits for them any more."""
        return self.scheduler.num_at_work > 0

    def close(self, wait: bool = True, because: BaseException | None = None) -> None:
        """End the run. Waits for its tasks under way unless told not to, or called from within one of them.

        With ``because`` whoever still reads the results gets that error in place of an end.
        """
        self.pool.forget(self)
        with self.pool.lock:
            is_first = not self.is_cancelled
            wait = wait and not self.is_cancelled and not getattr(self._mine, "is_running", False)
            if not self.is_cancelled:
                self.is_cancelled = True
                self._error = self._error or because
                self._changed.notify_all()
                self.totals.wall_s += time.monotonic() - self.started_s
                if self._live is not None:
                    self._live.end()
            if wait:
                self._changed.wait_for(lambda: not self.scheduler.num_at_work)
                self._changed.wait_for(lambda: not self.scheduler.num_running, LAST_ITEM_S)
            if is_first:
                self._waiting[-1].is_there = False
        self._end()

    def run_task(self) -> bool:
        """Run one task, if there is one; false otherwise. This is what the pool's threads call, and they go on."""
        with self.pool.lock:
            task = None if self.is_cancelled else self._next_task()
            if task is not None:
                self.pool.wake()
        if task is not None:
            with suppress(KeyboardInterrupt):  # a callable raised it: the reader's, who is told
                self._execute(task)
        return task is not None

    def _advance(self) -> bool:
        """Take results, or run a task, or wait for another thread's; false when the run is over."""
        with self.pool.lock:
            if self.is_cancelled:
                return self._error is not None
            blocks = self.scheduler.deliver()
            if not (blocks or self.scheduler.is_finished):
                self._check_time()
            task = None if blocks or self.reader_is_free else self._next_task()
            if not blocks and task is None:
                if self.scheduler.is_finished:
                    return False
                self._wait()
                return True
            if blocks:
                self._wake()
            elif task is not None and not task.is_intake and self._wants_help and self._has_more():
                self.ask_for_help()
        if task is not None:
            self._execute(task)
        else:
            self._ready = self.collector.add(blocks)
        return True

    def _next_task(self) -> Task | None:
        """A task for the calling thread (with the lock held); what a live source may wait for, another waits for."""
        task = self.scheduler.next_task()
        if task is None or not task.is_intake or self._live is None:
            return task
        self._live.run(task, time.monotonic() + self.intake.MAX_WAIT_S)
        self._changed.notify_all()  # whoever waits for results has to look at the clock
        return None

    def _end(self) -> None:
        """Let go of everything once the last task is over; not under the lock, since generators may clean up."""
        with self.pool.lock:
            if self._has_ended or not self.is_cancelled or self.scheduler.num_at_work:
                return
            self._has_ended = True
        self.scheduler.close()
        if self.trace is not None:
            self.trace.write()

    def _check_time(self) -> None:
        if self.deadline_s is not None and time.monotonic() >= self.deadline_s:
            raise DeadlineError("the call did not end within its timeout_s")

    def _wait(self) -> None:
        """Wait until something changes, or until it is time to go on with a part of the source's block."""
        now = time.monotonic()
        late_s = self._live.late_s if self._live is not None else None
        if late_s is not None and now >= late_s:
            self._take_early()
            return
        ends = [at for at in (self.deadline_s, late_s) if at is not None]
        self._changed.wait(min(ends) - now if ends else None)

    def _take_early(self) -> None:
        assert self._live is not None
        self._live.late_s = None
        self.scheduler.is_source_slow = True
        if (block := self.intake.early()) is not None:
            block.since_s = time.perf_counter()
            self.scheduler.come(block)
            self._wake()

    def _next_ready(self) -> Results | Rows | None:
        """The next results that are ready; only now are rejects told that come after the results before them."""
        try:
            results = next(self._ready, None)
        except BaseException as error:
            self._error = error  # for whoever asks again
            raise
        if results is not None:
            self.totals.num_items += results.num_items
        return results

    def _execute(self, task: Task) -> None:
        started, opened = time.perf_counter(), opened_s()
        self._mine.is_running = True
        blocks: list[Block] = []
        try:
            is_finished = self._work(task, blocks)
        except KeyboardInterrupt as interrupt:
            self.close(wait=False, because=interrupt)  # its rows are lost: whoever reads hears of it, in any thread
            with self.pool.lock:
                self.scheduler.done(task, [], is_finished=True)
                self._changed.notify_all()
            self._end()
            raise
        except BaseException as error:
            blocks, is_finished = [self.scheduler.failed(task, error)], True
        finally:
            self._mine.is_running = False
        seconds = time.perf_counter() - started
        with self.pool.lock:
            if task.is_intake and self._live is not None:
                self._live.late_s = None
            self.scheduler.done(task, [] if self.is_cancelled else blocks, is_finished=is_finished)
            self._learn(task, blocks, started, seconds, opened_s() - opened)
            self._changed.notify_all()
            self._wake()
        self._end()

    def _work(self, task: Task, blocks: list[Block]) -> bool:
        """Let a task give its next block, or all of them; whether it has given all."""
        counted = None if task.is_intake else self._counted[task.stage]
        busy = nullcontext() if task.is_intake else at_work()
        with working_for(self._waiting), in_lane(self.lane), counted_for(counted), busy:
            if not task.is_stepwise:
                blocks.extend(task.work)
                return True
            block = next(task.work, None)
        if block is None:
            return True
        blocks.append(block)
        return self.intake.is_over if task.is_intake else block.ends[-1]

    def _learn(self, task: Task, blocks: Sequence[Block], started: float, seconds: float, loading_s: float) -> None:
        for block in blocks:
            block.since_s = started + seconds
        if task.is_intake:
            self.scheduler.is_source_slow = seconds > 4 * self.intake.MAX_WAIT_S
            return
        stats = self.totals.stages[task.stage]
        if task.is_resumed or self.scheduler.states[task.stage].stage.is_second_half:  # its rows were counted before
            stats.observe(0, 0, seconds - loading_s)
        else:
            stats.observe(task.num_rows, task.num_items, seconds - loading_s, max(0.0, started - task.since_s))
        if loading_s:
            stats.observe_loading(last_opened())
        task.is_resumed = True
        num_bytes = sum(block.num_bytes for block in blocks)
        stats.num_bytes += num_bytes
        if num_bytes > LARGE_BYTES:
            self._bound(task.stage, blocks, num_bytes)
        self.intake.size.observe(self.totals.slowest_item_s(stats))
        if self.trace is not None:
            self.trace.add(stats.name, started, seconds, threading.get_ident(), task.num_rows)
        is_long = seconds > WORTH_A_THREAD_S and self._has_more()
        if is_long and not self._is_helped and self._gains_from_threads(task, blocks, seconds):
            self.ask_for_help()

    def _bound(self, stage: int, blocks: Sequence[Block], num_bytes: int) -> None:
        """Tell whoever cuts the blocks of a stage how large its rows become."""
        for state in reversed(self.scheduler.states[:stage]):
            if state.stage.may_split:
                num_rows = sum(state.stage.num_made(block) for block in blocks)
                state.stage.bound(num_bytes / max(1, num_rows))
                return
        self.intake.size.bound(num_bytes / max(1, sum(len(block.positions) for block in blocks)))

    def _gains_from_threads(self, task: Task, blocks: Sequence[Block], seconds: float) -> bool:
        stage = self.scheduler.states[task.stage].stage
        num_rows = max(task.num_rows, sum(map(stage.num_made, blocks)))
        return stage.options.gains_from_threads or seconds > SLOW_ROW_S * num_rows

    def _has_more(self) -> bool:
        """Whether another thread may find something to do: more than the one block of a single call."""
        return not self.scheduler.is_exhausted or self.scheduler.num_blocks > 1

    def ask_for_help(self) -> None:
        """Let the pool's threads take tasks of this run."""
        with self.pool.lock:
            self._is_helped, self._wants_help = True, False
            self.pool.help(self)

    def _wake(self) -> None:
        if self._is_helped and not self.is_cancelled:
            self.pool.wake()

    def abandon(self) -> None:
        """In a forked child: what is under way is in the parent's threads, and what it holds is the parent's."""
        self.is_cancelled = self._has_ended = True
        self._error = ClosedError("this stream was opened by the parent process")

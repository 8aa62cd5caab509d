"""`Job`: many inputs through a pipeline into a target, so that nothing that was done is ever done again.

Inputs are worked on in shards. A sealed shard is on the disk and in the journal; a run that is killed loses what was
not sealed yet: seconds, and the input that it was at. At the end the target is put together in the source's order and
put in its place in one step, so that it is the same, byte for byte, however often the job was stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain, count
from typing import Any, NoReturn

from junco.engine.counted import Sums
from junco.engine.engine import Engine
from junco.engine.stats import PipelineStats
from junco.errors import JobError, JuncoError
from junco.graph.nodes import Graph
from junco.job.feed import Feed, Todo
from junco.job.first import First
from junco.job.identity import PipelineEntry, about_pipeline
from junco.job.inventory import Inventory
from junco.job.keeping import Keeping
from junco.job.leaving import Left, check_early, settle
from junco.job.ledger import Ledger, Sealed
from junco.job.limit import RejectLimit
from junco.job.names import Names
from junco.job.only_job import only_job
from junco.job.options import JobOptions
from junco.job.progress import ENOUGH_ROWS, Progress, progress_for
from junco.job.reasons import FIRST, reasons_of
from junco.job.report import JobReport, stats_since
from junco.job.shard import OpenShard
from junco.job.source import Item, count_of, items_of
from junco.job.source_hash import hash_of_source
from junco.job.state import JobState
from junco.job.termination import ending_at_sigterm
from junco.job.wanted import Told, Wanted
from junco.store.durable import writing
from junco.store.sink import Layout, Sink
from junco.store.target import Target, sink_of
from junco.store.vectors import FOLDER
from junco.wording import reason


class Job:
    """One job: a pipeline, a target, options.

    Args:
        engine: runs the pipeline.
        graph: the pipeline, for what it is and what it is called.
        target: a path or a callable.
        metadata: goes into the target's schema, beside the pipeline's name and the space of its vectors.
    """

    def __init__(
        self,
        engine: Engine,
        graph: Graph,
        target: Target,
        options: JobOptions,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        engine.check_files()
        self.engine, self.graph, self.options = engine, graph, options
        found = engine.plan.output_space
        self.space = found.space
        about = about_pipeline(graph, found.space, found.column, options.key)
        self.metadata = {**about, **(metadata or {})}
        self.sink: Sink = sink_of(target)
        self.told, self.names = Told(), Names("")
        self._sums: Sums = {}
        self.keeping = self._new_keeping()
        if options.on_error == "none":
            self.sink.check_missing(found.space)
        if "input" in graph.outputs:
            raise JobError("the column 'input' names the inputs in a target: give the pipeline's output another name")

    def run(self, source: Any) -> JobReport:
        """Do what is to be done.

        Raises:
            JobError: the job cannot start or go on; what is sealed stays.
            OperatorError: with ``on_error="raise"``, the first failure.
            SystemExit: with 143, after SIGTERM; what is sealed stays.
        """
        started_s = time.monotonic()
        with ExitStack() as held:
            held.enter_context(ending_at_sigterm())
            items = First(self._begun(items_of(source, self._wanted(self.told))), self.options.limit)
            if self.sink.work is None:
                return self._through(source, items, None, Ledger(), started_s)
            with writing(self.sink.target):
                held.enter_context(only_job(self.sink.work / "lock", self.sink.target))
            state = JobState(self.sink, PipelineEntry.of(self.graph), self.space, self.names, self.keeping)
            return self._through(source, items, state, state.open(resume=self.options.resume), started_s)

    def _new_keeping(self) -> Keeping | None:
        how = self.options
        return Keeping(how.key, how.keep, self.graph.outputs) if how.key is not None or how.keep else None

    def _wanted(self, tell: Callable[[str], object] = lambda line: None) -> Wanted:
        skip = frozenset(os.path.abspath(path) for path in self.sink.files)  # noqa: PTH100  # no resolving of links
        how = self.options
        return Wanted(self.graph.inputs, how.column, skip, tell, self.keeping, how.reading, name=self.names.of)

    def _begun(self, items: Iterator[Item]) -> Iterator[Item]:
        """The same inputs, begun where rows keep something: the columns of their table are those of the target."""
        if self.keeping is None:
            return items
        try:
            first = next(items, None)
        except Exception as error:
            self._give_up(error, 0)
        if first is None:
            return iter(())
        self.keeping.check_known()
        return chain([first], items)

    def _through(
        self, source: Any, first: First[Item], state: JobState | None, ledger: Ledger, started_s: float
    ) -> JobReport:
        inventory, before = Inventory(state.scratch() if state else None, ledger), self.engine.stats()
        limit = RejectLimit(self.options.max_rejects, inventory, has_done=ledger.has_done)
        hashed = hash_of_source(source, self._wanted()) if state else None
        left = Left()
        if state is not None and self._is_unchanged(state, ledger, hashed):
            feed = self._feed(iter(()), ledger, inventory, limit, Progress())
            inventory.take_all()
            limit.check()
        else:
            if state is not None:
                state.check_carried()
            with progress_for(self.options.progress, partial(self._count, source)) as progress:
                self.told.listen(progress.tell)
                feed = self._feed(iter(first), ledger, inventory, limit, progress)
                if state is not None and self.options.missing == "refuse" and feed.has_more:
                    wanted = replace(self._wanted(), keeping=self._new_keeping())
                    check_early(source, wanted, self.options.limit, ledger, state)
                self._work(feed, state)
            if state is not None:
                is_same = not first.is_cut and hashed is not None and hash_of_source(source, self._wanted()) == hashed
                noted = {"hash": hashed, "read": self.told.lines} if is_same else None
                left = settle(self.options.missing, inventory, ledger, state, is_cut=first.is_cut)
                self._publish(inventory, state, left, noted)
            if first.is_cut:
                self._tell_limit(left)
        stats = stats_since(before, self.engine.stats(), self._sums) if feed.num_new else None
        return self._report(feed, left, state, time.monotonic() - started_s, stats)

    def _count(self, source: Any) -> int | None:
        """How many inputs there are to look at, where that is quickly told."""
        found, most = count_of(source, self._wanted()), self.options.limit
        return found if found is None or most is None else min(found, most)

    def _tell_limit(self, left: Left) -> None:
        beside = f"; {left.num_beyond:,} others that were done before stay" if left.num_beyond else ""
        self.told(f"the first {self.options.limit:,} inputs alone, for that is the limit{beside}")

    def _is_unchanged(self, state: JobState, ledger: Ledger, hashed: str | None) -> bool:
        """Whether a source that was hashed as a whole is the one whose inputs are all done; tells how it was read."""
        notes = state.notes_of_unchanged(ledger, hashed)
        if notes is None or (self.options.retry_rejects and ledger.rejects):
            return False
        for line in notes:
            self.told(line)
        return True

    def _feed(
        self, items: Iterator[Item], ledger: Ledger, inventory: Inventory, limit: RejectLimit, progress: Progress
    ) -> Feed:
        retries = self.options.retry_rejects
        return Feed(items, ledger, inventory, progress, limit, retry_rejects=retries, keeping=self.keeping)

    def _work(self, feed: Feed, state: JobState | None) -> None:
        """Work on all that is not done."""
        numbers = state.take_number if state else count(1).__next__
        if feed.has_more:
            with feed.progress.loading():
                self.engine.open(is_counted=True)
        while feed.has_more:
            self._shard(feed, state, numbers)
            feed.limit.check()
        feed.limit.check()
        if feed.error is not None:
            self._give_up(feed.error, len(feed.inventory))
        if not len(feed.inventory) and feed.ledger.size and self.options.missing == "refuse":
            raise JobError(
                f"the source has no inputs now, and {self.sink.target} has those of {feed.ledger.size:,}: "
                "it was left as it is; missing='prune' (--prune) empties it"
            )

    def _publish(self, inventory: Inventory, state: JobState, left: Left, noted: dict[str, Any] | None) -> None:
        """Make the target what the source is now, with what stays, if it is not."""
        if left.deleted:
            self.sink.remove(left.deleted)
        if left.num_kept:  # the source alone does not say what the target holds
            noted = None
        if inventory.is_as_before and state.is_published:
            state.scratch()
            state.note_source(noted)
        else:
            state.publish(inventory, self._layout(), noted, is_appended=left.is_mixed)

    def _layout(self) -> Layout:
        kept = () if self.keeping is None else self.keeping.names or ()
        place = self.sink.folder
        named_from = {} if place is None else {FOLDER: self.names.folder_from(place)}
        return Layout(self.options.shard_rows, (*self.graph.outputs, *kept), {**self.metadata, **named_from})

    def _shard(self, feed: Feed, state: JobState | None, numbers: Callable[[], int]) -> None:
        """Work on the next shard."""
        shard = OpenShard(
            self.engine,
            feed,
            partial(self.sink.writer, numbers, self.space),
            partial(self._sealed, feed, state),
            self.sink.remove,
            self.options.shard_rows,
        )
        shard.run(self.options.on_error, self.options.trace, self._sums)
        feed.limit.is_reached(shard)

    def _sealed(self, feed: Feed, state: JobState | None, sealed: Sealed, todos: Sequence[Todo]) -> None:
        """Note what was sealed."""
        inventory, start = feed.inventory, 0
        if state is not None:
            state.seal(sealed, [todo.key for todo in todos])
        for index, (todo, num_rows) in enumerate(zip(todos, sealed.counts.tolist(), strict=True)):
            inventory.settle(todo.number, sealed.shard, start, num_rows)
            start += max(num_rows, 0)
            if (why := sealed.rejects.get(index)) is not None:
                inventory.rejects[todo.number] = why
        if start >= min(ENOUGH_ROWS, self.options.shard_rows):
            feed.progress.sealed(start, partial(self.sink.weight, sealed.shard, self._layout()))

    def _give_up(self, error: Exception, num_read: int) -> NoReturn:
        if isinstance(error, JuncoError):
            raise error
        raise JobError(
            f"the source failed after {num_read:,} inputs: {reason(error)}. "
            "What is done is kept: run the same again to go on."
        ) from error

    def _report(
        self,
        feed: Feed,
        left: Left,
        state: JobState | None,
        seconds: float,
        stats: PipelineStats | None,
    ) -> JobReport:
        inventory, rejected = feed.inventory, feed.inventory.rejected()
        return JobReport(
            target=self.sink.target,
            num_inputs=len(inventory),
            num_done=len(inventory) - inventory.num_failed,
            num_new=feed.num_new,
            num_changed=feed.num_changed,
            num_skipped=len(inventory) - feed.num_new,
            num_rejects=len(inventory.rejects),
            num_deleted=len(left.deleted),
            num_kept=left.num_kept,
            num_rows=inventory.num_rows,
            seconds=seconds,
            rejects=self.sink.rejects_place if inventory.rejects else None,
            reasons=reasons_of(rejected),
            first_rejects=tuple(rejected[:FIRST]),
            read=tuple(self.told.lines),
            num_unmarked=feed.num_unmarked if self.sink.work is not None else 0,
            deleted=left.deleted,
            unknown=state.pipeline.unknown if state is not None else (),
            damaged=tuple(state.found) if state is not None else (),
            stats=stats,
        )

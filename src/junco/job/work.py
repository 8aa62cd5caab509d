"""`ShardWork`: the inputs of one shard on their way through the engine, and what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from junco.engine.engine import Engine, RunOptions
from junco.engine.rows import Reject
from junco.engine.sizes import num_bytes_of
from junco.engine.stage import OnError
from junco.engine.stats import Trace
from junco.errors import InputError, OperatorError
from junco.job.ahead import read_ahead
from junco.job.feed import Feed, Todo
from junco.job.ledger import Batch, named
from junco.job.order import FAILED
from junco.store.sink import Shard
from junco.wording import picture

LONG_S, ENOUGH_INPUTS, ROWS_AN_INPUT, MANY_BYTES = 60.0, 64, 16, 256_000_000
"""A shard is sealed early when it took so long and has so many inputs, or when these gave so many rows or bytes."""


class ShardWork:
    """One shard: fed from the source, run by the engine.

    Args:
        engine: runs the pipeline.
        feed: gives the inputs that are to be worked on.
        most: how many inputs the shard takes.
    """

    def __init__(self, engine: Engine, feed: Feed, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        flow = engine.plan.flow
        self.engine, self.feed, self.most, self.clock = engine, feed, most, clock
        self.names = [slot.name for slot in flow.outputs]
        self.inputs = flow.graph.inputs
        self.is_single = flow.is_single
        self.todo: list[Todo] = []
        self.fed: list[int] = []
        self.rows: dict[int, list[Any]] = {}
        self.rejects: dict[int, list[tuple[str, str]]] = {}
        self.num_rows = self.num_bytes = 0
        self._started_s = clock()
        self._stops = False

    def run(self, on_error: OnError, trace: Trace | None = None) -> None:
        """Work on as many inputs as the shard takes.

        Raises:
            OperatorError: an operator failed and ``on_error`` is "raise"; its position counts from the source's start.
            InputError: the same for an input that could not be read.
        """
        self._stops = on_error == "raise"
        run = self.engine.run(self._values(), RunOptions(on_error, rejected=self._reject, trace=trace))
        num_told = 0
        try:
            for results in run:
                before = self.num_bytes
                for position, value in zip(results.positions, results.values, strict=True):
                    self._take(position, value)
                num_told += len(results.values)
                self.feed.progress.worked(len(results.values), self.num_bytes - before)
            self.feed.progress.worked(len(self.todo) - num_told)  # those that gave nothing
        except OperatorError as error:
            at = self.todo[self.fed[error.position]].number
            raise OperatorError(error.node, error.operator, at, error.value, error.reason) from error.__cause__
        finally:
            run.close(wait=False)

    def shard(self) -> Shard:
        """All rows, by column."""
        shard = Shard([], {name: [] for name in self.names})
        for index, todo in enumerate(self.todo):
            rows = self.rows.get(index, ())
            shard.inputs.extend([todo.key] * len(rows))
            for place, name in enumerate(self.names):
                shard.columns[name].extend(self._cell(row, place) for row in rows)
        return shard

    def batch(self, number: int) -> Batch:
        """What the journal notes."""
        return Batch(
            number,
            [named(todo.key) for todo in self.todo],
            b"".join(todo.digest for todo in self.todo),
            [len(self.rows[index]) if index in self.rows else FAILED for index in range(len(self.todo))],
            {index: (self.todo[index].key, why) for index, why in self.rejects.items()},
        )

    def _values(self) -> Iterator[Any]:
        for todo, read in read_ahead(self._todos()):
            self.todo.append(todo)
            index = len(self.todo) - 1
            try:
                value = self._checked(read())
            except Exception as error:  # whatever an address or a file may raise: this input only
                if self._stops:
                    raise InputError(f"{todo.key} cannot be read: {type(error).__name__}: {error}") from error
                self.feed.progress.rejected()
                self.rejects[index] = [("input", f"{type(error).__name__}: {error}")]
                continue
            self.fed.append(index)
            yield value

    def _todos(self) -> Iterator[Todo]:
        """The inputs of this shard."""
        for _ in range(self.most):
            if self._is_long() or (todo := self.feed.next_todo()) is None:
                return
            yield todo

    def _checked(self, value: Any) -> Any:
        """What goes into the pipeline, if it can."""
        num_columns = len(self.inputs)
        if num_columns > 1 and not (isinstance(value, (tuple, list)) and len(value) == num_columns):
            raise InputError(f"the pipeline takes {', '.join(self.inputs)}, not {picture(value)}")
        return value

    def _is_long(self) -> bool:
        is_late = len(self.todo) >= ENOUGH_INPUTS and self.clock() - self._started_s > LONG_S
        return is_late or self.num_rows >= self.most * ROWS_AN_INPUT or self.num_bytes >= MANY_BYTES

    def _take(self, position: int, value: Any) -> None:
        rows = [value] if self.is_single or value is None else list(value)
        self.rows[self.fed[position]] = rows
        self.num_rows += len(rows)
        self.num_bytes += num_bytes_of(value)

    def _cell(self, row: Any, place: int) -> Any:
        return row if len(self.names) == 1 else None if row is None else row[place]

    def _reject(self, reject: Reject) -> None:
        self.feed.progress.rejected()
        self.rejects.setdefault(self.fed[reject.position], []).append((reject.node, reject.reason))

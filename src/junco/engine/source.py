"""The source: items from the caller's iterable, in blocks whose size follows the work they make."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from junco.engine.rows import Block, source_block
from junco.errors import InputError, picture
from junco.graph.levels import Flow


class SourceSize:
    """How many items a block takes: enough for a task to outweigh its overhead, few enough all cores to have some."""

    LARGEST = 1024
    MAX_BYTES = 32_000_000
    TASK_S = 0.010
    """What the work on a block should take in one stage."""

    def __init__(self) -> None:
        self.rows = 1
        self._wanted = 1
        self._most = self.LARGEST

    def start(self, slowest_s: float) -> None:
        """Begin with what earlier runs have shown an item to take, if they have."""
        if slowest_s:
            self.observe(slowest_s)
            self.rows = max(1, min(self._wanted, self._most))

    def observe(self, slowest_s: float) -> None:
        """Learn what an item takes in the slowest stage."""
        self._wanted = int(self.TASK_S / max(slowest_s, 1e-9))

    def bound(self, item_bytes: float) -> None:
        """Take no more items than their largest form in a stage allows."""
        self._most = max(1, min(self._most, int(self.MAX_BYTES / max(1.0, item_bytes))))

    def next_rows(self) -> int:
        """How many items the next block takes; it grows by steps, since the first items may mislead."""
        rows = min(self.rows, self._most)
        self.rows = max(1, min(self._wanted, self.rows * 4, self._most))
        return rows


class Source:
    """Cuts an iterable into blocks. A block that fills slowly is sent as it is: a live source is not kept waiting."""

    MAX_WAIT_S = 0.005

    def __init__(
        self, items: Iterable[Any], flow: Flow, size: SourceSize, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.items = items
        self.flow = flow
        self.size = size
        self.clock = clock

    def blocks(self) -> Iterator[Block]:
        """The blocks, numbered; an error of the iterable itself travels as the last block."""
        number = position = 0
        iterator = iter(self.items)
        while True:
            taken, error, is_over = self._taken(iterator, position)
            if taken or error:
                yield self._block(number, position, taken, error)
                # Blocks are waited for by number: a look that brought nothing (this thread was put aside) has none.
                number, position = number + 1, position + len(taken)
            if is_over:
                return

    def _taken(self, iterator: Iterator[Any], position: int) -> tuple[list[Any], BaseException | None, bool]:
        """Some items, the error that ended them, and whether they are the last."""
        taken: list[Any] = []
        started, num_rows, step = self.clock(), self.size.next_rows(), 1
        while len(taken) < num_rows and self.clock() - started <= self.MAX_WAIT_S:
            wanted = min(len(taken) + step, num_rows)
            error = _extended(taken, islice(iterator, wanted - len(taken)))
            if (wrong := self._wrong(taken, position)) is not None:
                return taken, wrong, True
            if error is not None or len(taken) < wanted:
                return taken, error, True
            step *= 2
        return taken, None, False

    def _wrong(self, taken: list[Any], position: int) -> InputError | None:
        """The error for the first item that has not a value for each input column; what follows it is dropped."""
        columns = self.flow.graph.inputs
        if len(columns) == 1:
            return None
        for i, item in enumerate(taken):
            if not isinstance(item, (tuple, list)) or len(item) != len(columns):
                del taken[i:]
                return InputError(
                    f"item {position + i}: the pipeline takes {len(columns)} inputs ({', '.join(columns)}), "
                    f"so an item is a tuple of them, not {picture(item)}"
                )
        return None

    def _block(self, number: int, position: int, taken: list[Any], error: BaseException | None) -> Block:
        num_columns = len(self.flow.inputs)
        columns = [taken] if num_columns == 1 else [[item[i] for item in taken] for i in range(num_columns)]
        block = source_block(number, position, columns, self.flow.inputs, self.flow.levels[0])
        block.error = error
        return block


def _extended(taken: list[Any], items: Iterator[Any]) -> BaseException | None:
    """Append items; what came before an error stays."""
    try:
        taken.extend(items)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error
    return None

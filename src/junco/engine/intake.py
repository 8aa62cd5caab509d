"""`Intake`: items from the caller's iterable, in blocks whose size follows the work they make."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from operator import length_hint
from typing import Any

from junco.engine.rows import Block, source_block
from junco.errors import InputError
from junco.graph.levels import Flow
from junco.wording import picture

_KNOW_THEIR_END: tuple[type, ...] = (type(iter([])), type(iter(())), type(iter(range(0))))
"""Iterators that say how much is left: so nobody has to ask them once more for nothing."""


class IntakeSize:
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


class Intake:
    """Cuts an iterable into blocks. A block that fills slowly is sent as it is: a live source is not kept waiting.

    Attributes:
        may_wait: whether an item may be long in coming. Such an iterable is read in a thread of its own, so that
            another one can take `early` what has come of a block.
        is_over: whether its last block has been given.
    """

    MAX_WAIT_S = 0.005

    def __init__(
        self, items: Iterable[Any], flow: Flow, size: IntakeSize, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        try:
            self._items = iter(items)
        except TypeError:
            raise InputError(
                f"items must be iterable, not {type(items).__name__}; for one item call the pipeline"
            ) from None
        self.may_wait = not hasattr(items, "__len__")
        self.flow = flow
        self.size = size
        self.clock = clock
        self.is_over = False
        self._taken: list[Any] = []
        self._number = self._position = 0
        self._cutting = threading.Lock()

    def blocks(self) -> Iterator[Block]:
        """The blocks, numbered; an error of the iterable itself travels as the last block."""
        is_last = False
        while not is_last:
            error, is_last = self._take()
            # Blocks are waited for by number: a look that brought nothing (this thread was put aside) has none.
            if (block := self._cut(error)) is not None:
                is_last = self.is_over = is_last or block.error is not None
                yield block

    def early(self) -> Block | None:
        """What has come of the block that is being filled; ``None`` where nothing has."""
        return self._cut(None)

    def _take(self) -> tuple[BaseException | None, bool]:
        """Take some items: the error that ended them, and whether they are the last."""
        started, left, step = self.clock(), self.size.next_rows(), 1
        while left and self.clock() - started <= self.MAX_WAIT_S:
            wanted = min(step, left)
            num_taken, error = self._extend(islice(self._items, wanted))
            if error is not None or num_taken < wanted:
                return error, True
            left -= wanted
            step *= 2
        return None, type(self._items) in _KNOW_THEIR_END and not length_hint(self._items)

    def _extend(self, items: Iterator[Any]) -> tuple[int, BaseException | None]:
        """Append items: how many, and the error that ended them; what came before it stays."""
        if not self.may_wait:
            return _extended(self._taken, items)
        num_taken = 0
        try:
            for item in items:  # one by one, since `early` may take them meanwhile
                self._taken.append(item)
                num_taken += 1
        except BaseException as error:
            return num_taken, error
        return num_taken, None

    def _cut(self, error: BaseException | None) -> Block | None:
        """A block of what was taken, and of what ends it."""
        with self._cutting:
            items = self._taken[:]
            del self._taken[: len(items)]
            error = self._wrong(items) or error
            if not items and error is None:
                return None
            num_columns = len(self.flow.inputs)
            columns = [items] if num_columns == 1 else [[item[i] for item in items] for i in range(num_columns)]
            block = source_block(self._number, self._position, columns, self.flow.inputs, self.flow.levels[0])
            block.error = error
            self._number += 1
            self._position += len(items)
            return block

    def _wrong(self, items: list[Any]) -> InputError | None:
        """The error for the first item that has not a value for each input column; what follows it is dropped."""
        columns = self.flow.graph.inputs
        if len(columns) == 1:
            return None
        for i, item in enumerate(items):
            if not isinstance(item, (tuple, list)) or len(item) != len(columns):
                del items[i:]
                return InputError(
                    f"item {self._position + i}: the pipeline takes {len(columns)} inputs ({', '.join(columns)}), "
                    f"so an item is a tuple of them, not {picture(item)}"
                )
        return None


def _extended(taken: list[Any], items: Iterator[Any]) -> tuple[int, BaseException | None]:
    before = len(taken)
    try:
        taken.extend(items)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return len(taken) - before, error
    return len(taken) - before, None

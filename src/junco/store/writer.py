"""`ShardWriter`: takes the rows of one shard as they come, so that it does not matter how many rows an input gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Protocol, Self

from junco.store.shard import Shard
from junco.types import Space

MOST_ROWS, MOST_BYTES = 16_384, 64_000_000
"""What is handed to a target at once that takes values as they are."""


class ShardWriter(ABC):
    """One shard that is being written. Rows since the last `keep` can be taken back.

    As a context it lets go of what was not sealed.

    Attributes:
        first: the first of the shard's numbers; 0 before there is one.
        number: the last of them, which the journal names it by.
        num_bytes: of its rows, roughly.
        checksum: of what was sealed, where the target can tell; set by `seal`.
    """

    first: int
    number: int
    num_bytes: int
    checksum: str = ""

    @abstractmethod
    def write(self, rows: Shard, num_bytes: int) -> None:
        """Take rows; ``num_bytes`` is what they take in memory, roughly.

        Raises:
            OddValueError: a value that its column cannot hold; then none of these rows were taken.
            TargetError: the target cannot be written, or cannot hold such columns.
        """

    @abstractmethod
    def keep(self) -> None:
        """The rows so far stay: their inputs are done."""

    @abstractmethod
    def undo(self) -> None:
        """Take back the rows since `keep`: their input failed."""

    @abstractmethod
    def seal(self) -> None:
        """Make the shard durable."""

    def abandon(self, error: BaseException) -> None:  # noqa: B027  # nothing to do is a fine answer
        """Let go of a shard that will not be sealed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.abandon(error)


class Taking(Protocol):
    """What a `PassingWriter` asks of a target."""

    def seal(self, number: int, shard: Shard) -> None:
        """Make a shard durable."""

    def remove(self, keys: Collection[str]) -> None:
        """Forget all rows of some inputs."""


class PassingWriter(ShardWriter):
    """For targets that take values as they are: a `Shard` at a time, several where there are many rows.

    Args:
        sink: the target.
        numbers: gives the number of the next shard.
        space: of the vectors.
    """

    def __init__(self, sink: Taking, numbers: Callable[[], int], space: Space | None) -> None:
        self.sink, self.numbers, self.space = sink, numbers, space
        self.first = self.number = 0
        self.num_bytes = self._num_held_bytes = 0
        self._held = Shard([], {}, space)
        self._num_kept = 0
        self._passed_on = ""

    def write(self, rows: Shard, num_bytes: int) -> None:
        """Take rows."""
        self._held.inputs.extend(rows.inputs)
        for name, values in rows.columns.items():
            self._held.columns.setdefault(name, []).extend(values)
        self.num_bytes += num_bytes
        self._num_held_bytes += num_bytes
        if len(self._held.inputs) >= MOST_ROWS or self._num_held_bytes >= MOST_BYTES:
            self._pass_on()

    def keep(self) -> None:
        """Keep all rows so far."""
        self._num_kept, self._passed_on = len(self._held.inputs), ""

    def undo(self) -> None:
        """Forget the rows since `keep`; of those that were handed on already the target is told."""
        for values in (self._held.inputs, *self._held.columns.values()):
            del values[self._num_kept :]
        if self._passed_on:
            self.sink.remove([self._passed_on])
            self._passed_on = ""

    def seal(self) -> None:
        """Hand on what is left."""
        if self._held.inputs:
            self._pass_on()
        if not self.number:
            self.first = self.number = self.numbers()

    def _pass_on(self) -> None:
        if len(self._held.inputs) > self._num_kept:
            self._passed_on = self._held.inputs[-1]
        self.number = self.numbers()
        self.first = self.first or self.number
        self.sink.seal(self.number, self._held)
        self._held, self._num_kept, self._num_held_bytes = Shard([], {}, self.space), 0, 0

"""`Resident`: an operator in memory, and the leases of those who use it. Whoever comes last closes it."""

from __future__ import annotations

import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, TypeVar

from junco.errors import IntegrityError, JuncoError
from junco.memory import device_bytes
from junco.operator.extras import not_opened
from junco.operator.gate import Gate
from junco.operator.hints import Hints
from junco.wording import reason

Made = TypeVar("Made")


class Loadable(Protocol):
    """An operator, as far as it is kept here."""

    hints: ClassVar[Hints]

    generation: int

    @property
    def is_open(self) -> bool: ...

    @property
    def place(self) -> str: ...

    def ensure_open(self) -> None: ...

    def ensure_closed(self) -> None: ...

    def renew(self) -> None: ...

    def check_files(self) -> None: ...

    def batch(self, *columns: Any, **state: Any) -> Any: ...

    def streams(self, *columns: Any) -> Any: ...

    def state(self) -> Any: ...

    def cost(self, *item: Any) -> float: ...

    def files(self) -> Iterable[Path]: ...

    @classmethod
    def gives_states(cls) -> bool: ...

    @classmethod
    def gives_streams(cls) -> bool: ...

    @classmethod
    def gives_either(cls) -> bool: ...

    def __call__(self, *item: Any) -> Any: ...


class Recipe(Protocol):
    """A spec, as far as it is used here."""

    @property
    def name(self) -> str: ...

    def create(self) -> Any: ...

    def load(self) -> Any: ...


class Keeper(Protocol):
    """Whoever makes room before an operator is opened."""

    def make_room(self, besides: Resident) -> object: ...


@dataclass(eq=False)
class Resident:
    """An operator in memory. ``with resident as operator`` is a lease for a batch, `drawn` one for an iterator's life.

    While there are leases the operator is not closed: not by the last holder who lets go, not to make room.

    Attributes:
        num_holders: pipelines (and direct calls of the spec) that keep it.
        num_running: leases: batches that run on it and iterators that it gave, now.
        num_bytes: how much was taken where it lies while it was opened: a measurement, not a promise.
        last_used_s: when it was last used, on the monotonic clock.
        key: what it is found by.
        generation: how often the operator had been trained when it was taken in.
    """

    spec: Recipe
    operator: Loadable
    owner: Keeper | None = None
    replica: int = 0
    num_holders: int = 0
    num_running: int = 0
    num_bytes: int = 0
    last_used_s: float = 0.0
    key: Any = None
    generation: int = field(init=False)
    _turn: Gate = field(default_factory=Gate, repr=False)
    _count: threading.RLock = field(default_factory=threading.RLock, repr=False)  # the garbage collector may come by
    _is_left: bool = False
    _attached: dict[str, Any] = field(default_factory=dict, repr=False)
    _dropped: deque[Drawn] = field(default_factory=deque, repr=False)

    def __post_init__(self) -> None:
        self.generation = self.operator.generation

    @property
    def is_former(self) -> bool:
        """Whether the operator was trained since, so that it gives something else than what was taken in."""
        return self.generation != self.operator.generation

    def __enter__(self) -> Loadable:
        self.begin()
        try:
            self.take_turn()
        except BaseException:
            self.end()
            raise
        try:
            return self.opened()
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_turn()
        self.end()

    def begin(self) -> None:
        """Count one lease more."""
        with self._count:
            self.num_running += 1

    def end(self) -> None:
        """Count one lease less; the last one of an operator that nobody holds any more closes it."""
        self.last_used_s = time.monotonic()
        with self._count:
            self.num_running = max(0, self.num_running - 1)  # in a forked child, of a lease that the parent has
            self._close_if_left()

    def opened(self) -> Loadable:
        """The operator, for whoever has begun a lease and is inside.

        Raises:
            IntegrityError: it was trained since somebody took it.
        """
        if self.is_former:
            raise IntegrityError(
                f"{self.spec.name!r} was trained after this pipeline had been made of it: make the pipeline anew, so "
                "that all that it gives comes from one model"
            )
        if not self.operator.is_open:
            self._open()
        return self.operator

    def take_turn(self) -> None:
        """Wait until no other thread is inside the operator, unless it bears several."""
        if not self.operator.hints.thread_safe:
            self._turn.take()

    def end_turn(self, num_rows: int = 1) -> None:
        """Let the next thread in, after work on so many rows; iterators that were dropped meanwhile are ended first."""
        if self.operator.hints.thread_safe:
            return
        if self._dropped:
            self._end_all_dropped()
        self._turn.mine().release(num_rows)
        if self._dropped:
            self._end_late()

    def take_place(self) -> None:
        """Wait for a place among those who work on batches: the turn, or one of several that the operator bears."""
        self._turn.take()

    def end_place(self, num_rows: int) -> None:
        """Leave it after work on so many rows."""
        if self.operator.hints.thread_safe:
            self._turn.mine().release(num_rows)
        else:
            self.end_turn(num_rows)

    @property
    def gate(self) -> Gate:
        """Of those who work on batches, and where it bears no other, of all who are inside."""
        return self._turn

    @property
    def num_waiting(self) -> int:
        """Threads that wait for their turn, or for a place."""
        return self._turn.num_waiting

    def admit(self, num_batches: int) -> None:
        """Let so many threads work on batches at once, where the operator bears several."""
        if self.operator.hints.thread_safe:
            self._turn.widen(num_batches)

    def is_mine(self) -> bool:
        """Whether someone is inside the operator who waits for the calling thread, or that thread itself."""
        return self._turn.is_for_me()

    def end_dropped(self, drawn: Drawn) -> None:
        """End an iterator that nobody has any more, now or at the end of somebody's turn; never waits."""
        self._dropped.append(drawn)
        if self.operator.hints.thread_safe:
            self._end_all_dropped()
        else:
            self._end_late()

    def _end_late(self) -> None:
        """End what was dropped after the last turn ended, or just before."""
        while self._dropped and (place := self._turn.try_take()) is not None:
            self._end_all_dropped()
            place.release(0)

    def _end_all_dropped(self) -> None:
        while self._dropped:
            with suppress(Exception):  # nobody is there to hear of it
                self._dropped.popleft().finish()

    def drawn(self, values: Iterator[Any]) -> Drawn:
        """An iterator that the operator gave: a lease for as long as somebody draws from it."""
        return Drawn(self, values)

    def given(self, results: Iterable[Any]) -> list[Any]:
        """The results of a batch: iterators among them hold a lease."""
        return [self.drawn(value) if hasattr(value, "__next__") else value for value in results]

    def attached(self, name: str, make: Callable[[], Made]) -> Made:
        """Something that belongs to the operator in memory, whoever uses it: made once."""
        with self._count:
            if name not in self._attached:
                self._attached[name] = make()
            made: Made = self._attached[name]
            return made

    def leave(self) -> None:
        """Nobody holds it any more: close it now, or once the last lease has ended."""
        with self._count:
            self._is_left = True
            self._attached = {}
            self._close_if_left()

    def _close_if_left(self) -> None:
        """Close what nobody holds and nobody uses (counting, so that no lease begins meanwhile)."""
        if self._is_left and not self.num_running:
            self._close()

    def close_if_idle(self) -> bool:
        """Close the operator unless somebody uses it; whether it was."""
        with self._count:
            if self.num_running or not self.operator.is_open:
                return False
            self._close()
            return True

    def renew(self) -> None:
        """In a forked child: nobody runs the operator, and the locks that the parent's threads held are free."""
        self.num_running = 0
        self._attached = {}
        self._turn, self._count = Gate(), threading.RLock()
        self.operator.renew()

    def _open(self) -> None:
        if self.owner is not None:
            self.owner.make_room(besides=self)
        place = self.operator.place
        before = taken_bytes(place)
        self._ensure_open()
        self.num_bytes = max(self.num_bytes, taken_bytes(place) - before)

    def _ensure_open(self) -> None:
        try:
            self.operator.ensure_open()
        except JuncoError as error:
            error.is_of_opening = True
            raise
        except Exception as error:
            failed = not_opened(self.spec.name, error)
            failed.is_of_opening = True
            raise failed from error

    def _close(self) -> None:
        """Close the operator. One that fails to is said: it must not keep others from being closed."""
        try:
            self.operator.ensure_closed()
        except Exception as error:
            said = f"operator {self.spec.name!r} failed to close: {reason(error)}"
            warnings.warn(said, RuntimeWarning, stacklevel=2)


class Drawn:
    """Rows that an operator gives one by one. To draw some is a turn of the operator; it ends with the last row."""

    def __init__(self, resident: Resident, values: Iterator[Any]) -> None:
        self._resident = resident
        self._values: Iterator[Any] | None = values
        resident.begin()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        values, error = self.draw(1)
        if error is not None:
            raise error
        if not values:
            raise StopIteration
        return values[0]

    def draw(self, most: int) -> tuple[list[Any], BaseException | None]:
        """Up to so many rows, fewer where it ends, and the error that ended it."""
        values: list[Any] = []
        error: BaseException | None = None
        if self._values is None:
            return values, error
        self._resident.take_turn()
        try:
            values.extend(islice(self._values, most))  # which keeps what came before an exception
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error = raised
        finally:
            try:
                if len(values) < most:
                    self.finish()
            finally:
                self._resident.end_turn()
        return values, error

    def close(self) -> None:
        """End it; waits for the operator's turn, since a generator cleans up inside the operator."""
        if self._values is not None:
            self._resident.take_turn()
            try:
                self.finish()
            finally:
                self._resident.end_turn()

    def finish(self) -> None:
        """The same for whoever has the turn."""
        values, self._values = self._values, None
        if values is None:
            return
        try:
            if (close := getattr(values, "close", None)) is not None:
                close()
        finally:
            self._resident.end()

    def __del__(self) -> None:
        """Dropped, in whatever thread and inside whatever lock: whoever has the turn next ends it."""
        if self._values is not None:
            again = Drawn.__new__(Drawn)  # for what is being dropped must not live on
            again._resident, again._values, self._values = self._resident, self._values, None
            self._resident.end_dropped(again)


def taken_bytes(place: str) -> int:
    """Bytes that are taken now: by this process (``cpu``), or of a GPU's own memory by all (``cuda:1``)."""
    device = device_bytes(place)
    if device is not None:
        return device[0] - device[1]
    import psutil

    return int(psutil.Process().memory_info().rss)

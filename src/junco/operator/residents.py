"""Residents: one loaded operator for each (operator, parameters, replica), shared by all pipelines of the process.

A resident is counted: it leaves when its last holder lets go. Under a memory budget those that nobody is running leave
first, least recently used first; whoever needs one again loads it again. ``junco.cache`` is this module's `residents`.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Protocol

from junco.operator.hints import Hints

BUDGET_SHARE = 0.5
"""The part of the machine's memory that loaded operators may take, unless ``budget_bytes`` is set."""


class Loadable(Protocol):
    """An operator, as far as it is kept here."""

    hints: ClassVar[Hints]

    @property
    def is_open(self) -> bool: ...

    def ensure_open(self) -> None: ...

    def ensure_closed(self) -> None: ...

    def batch(self, *columns: Any) -> Any: ...

    def cost(self, *item: Any) -> float: ...

    def __call__(self, *item: Any) -> Any: ...


class Recipe(Protocol):
    """A spec, as far as it is used here: equal ones share a resident."""

    @property
    def name(self) -> str: ...

    def create(self) -> Loadable: ...


@dataclass(eq=False)
class Resident:
    """An operator in memory. ``with resident as operator`` gives it, opened, for one batch.

    Attributes:
        num_holders: pipelines (and direct calls of the spec) that keep it.
        num_running: batches that are running on it now.
        num_bytes: how much the process grew while it was opened: a measurement, not a promise.
        last_used_s: when it was last used, on the monotonic clock.
    """

    spec: Recipe
    operator: Loadable
    owner: Residents | None = None
    replica: int = 0
    num_holders: int = 0
    num_running: int = 0
    num_bytes: int = 0
    last_used_s: float = 0.0
    _turn: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _count: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __enter__(self) -> Loadable:
        with self._count:
            self.num_running += 1
        operator = self.operator
        if not operator.hints.thread_safe:
            self._turn.acquire()
        try:
            if not operator.is_open:
                self._open()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return operator

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.operator.hints.thread_safe:
            self._turn.release()
        self.last_used_s = time.monotonic()
        with self._count:
            self.num_running -= 1

    def close_if_idle(self) -> bool:
        """Close the operator unless it is running; whether it was."""
        with self._count:
            if self.num_running or not self.operator.is_open:
                return False
            self.operator.ensure_closed()
            return True

    def _open(self) -> None:
        if self.owner is not None:
            self.owner.make_room(besides=self)
        before = _process_bytes()
        self.operator.ensure_open()
        self.num_bytes = max(self.num_bytes, _process_bytes() - before)


class Residents:
    """The process's loaded operators. Iterate to look at them; `clear` closes those that are not running."""

    def __init__(self, budget_bytes: int | None = None) -> None:
        self.budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._residents: list[Resident] = []
        self._let_go: deque[Resident] = deque()

    def __iter__(self) -> Iterator[Resident]:
        with self._lock:
            found = list(self._residents)
        self._settle()
        return iter(found)

    def __len__(self) -> int:
        return len(self._residents)

    def __repr__(self) -> str:
        lines = [f"operators in memory: {len(self)}, {self.num_bytes / 1e6:,.0f} MB"]
        for resident in self:
            state = f"{resident.num_bytes / 1e6:,.0f} MB" if resident.operator.is_open else "not loaded"
            lines.append(f"  {resident.spec}: {state}, held by {resident.num_holders}")
        return "\n".join(lines)

    @property
    def num_bytes(self) -> int:
        """Bytes that the opened operators take together."""
        return sum(resident.num_bytes for resident in self if resident.operator.is_open)

    def hold(self, spec: Recipe, replica: int = 0) -> Resident:
        """The resident for ``spec``, made if there is none; count one holder more."""
        with self._lock:
            resident = self._find(spec, replica)
            if resident is None:
                resident = Resident(spec, spec.create(), self, replica)
                self._residents.append(resident)
            resident.num_holders += 1
        self._settle()
        return resident

    def release(self, resident: Resident) -> None:
        """Count one holder less; the last one closes the operator. Never waits for the lock.

        A pipeline that nobody has any more releases its operators when the garbage collector comes by, in whatever
        thread and inside whatever lock, this one's own among them. Then whoever has the lock counts, once he is done.
        """
        self._let_go.append(resident)
        self._settle()

    def _settle(self) -> None:
        while self._let_go and self._lock.acquire(blocking=False):
            try:
                last = self._counted_off()
            finally:
                self._lock.release()
            if last is not None:
                last.operator.ensure_closed()

    def _counted_off(self) -> Resident | None:
        """Count off one that was let go (with the lock held); itself if that was its last holder."""
        if not self._let_go:
            return None
        resident = self._let_go.popleft()
        resident.num_holders -= 1
        if resident.num_holders > 0:
            return None
        self._residents = [other for other in self._residents if other is not resident]
        return resident

    def call(self, spec: Recipe, item: tuple[Any, ...]) -> Any:
        """Work on one item; the operator stays for the next call, until `clear` or the budget."""
        with self._lock:
            resident = self._find(spec, 0)
        self._settle()
        with resident or self.hold(spec) as operator:
            return operator(*item)

    def clear(self) -> int:
        """Close all operators that are not running; they open again when they are used. How many were closed."""
        return sum(resident.close_if_idle() for resident in self)

    def make_room(self, besides: Resident | None = None, share: float = 1.0) -> int:
        """Close idle operators, least recently used first, until the rest takes at most ``share`` of the budget."""
        budget = self.budget_bytes
        if budget is None:
            import psutil

            budget = int(psutil.virtual_memory().total * BUDGET_SHARE)
        num_closed = 0
        for resident in sorted(self, key=lambda resident: resident.last_used_s):
            if self.num_bytes <= budget * share:
                break
            if resident is not besides:
                num_closed += resident.close_if_idle()
        return num_closed

    def renew(self) -> None:
        """In a forked child: nobody runs an operator, and the locks that the parent's threads held are free."""
        self._lock = threading.Lock()
        for resident in self._residents:
            resident.num_running = 0
            resident._turn, resident._count = threading.RLock(), threading.Lock()

    def _find(self, spec: Recipe, replica: int) -> Resident | None:
        return next((r for r in self._residents if r.replica == replica and r.spec == spec), None)


residents = Residents()
"""The one of this process: ``junco.cache``."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=residents.renew)


def _process_bytes() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)

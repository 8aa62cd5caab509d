"""Residents: one loaded operator for each (class, parameters, files, replica), shared by all pipelines of the process.

A resident is counted: it leaves when its last holder lets go and the last lease has ended. Under a memory budget those
that nobody is using leave first, least recently used first; whoever needs one again loads it again. ``junco.cache`` is
this module's `residents`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

from junco.memory import device_bytes, memory_bytes
from junco.operator.resident import Recipe, Resident
from junco.places.files import Stamp, file_stamps

BUDGET_SHARE = 0.5
"""The part of the memory of the machine, and of each GPU, that loaded operators may take, where nobody says more."""


class Residents:
    """The process's loaded operators. Iterate to look at them; `clear` closes those that are not running."""

    def __init__(self, budget_bytes: int | None = None) -> None:
        self.budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._residents: list[Resident] = []
        self._let_go: deque[Resident] = deque()
        self._called: list[Resident] = []
        """Held for direct calls of specs."""

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
        """The resident for ``spec``, made if there is none; count one holder more.

        An operator's constructor runs outside the lock: it may itself use operators and pipelines.
        """
        key = _key_of(spec, replica)
        operator = None if self._is_known(key) else _pinned(spec, key)
        with self._lock:
            resident = self._find(key)
            if resident is None and operator is not None:
                resident = Resident(spec, operator, self, replica, key=key)
                self._residents.append(resident)
            if resident is not None:
                resident.num_holders += 1
        self._settle()
        return resident or self.hold(spec, replica)  # the one that was known has left meanwhile

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
                last.leave()

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
        """Work on one item; the operator stays for the next call, until `clear` or the budget.

        The item is a scope of its own: an operator with a state begins anew, one that has it in itself is made for it.
        """
        resident = self._of_calls(spec)
        if resident.operator.hints.stateful and not resident.operator.gives_states():
            resident = alone(spec)
        with resident as operator:
            result = operator(*item)
            return resident.drawn(result) if isinstance(result, Iterator) else result

    def _of_calls(self, spec: Recipe) -> Resident:
        """The resident for direct calls; of an operator that was defined or written anew the old one goes."""
        key = _key_of(spec, 0)
        with self._lock:
            resident = self._find(key)
        if resident is None:
            resident = self.hold(spec)
            with self._lock:  # several threads may have found none
                old = [other for other in self._called if other is resident or _is_older(other, resident)]
                self._called = [*(other for other in self._called if other not in old), resident]
            for other in old:
                self.release(other)
        self._settle()
        return resident

    def clear(self) -> int:
        """Close all operators that are not running; they open again when they are used. How many were closed."""
        return sum(resident.close_if_idle() for resident in self)

    def make_room(self, besides: Resident | None = None, share: float = 1.0) -> int:
        """Close idle operators, least recently used first, until the rest takes at most ``share`` of the budget.

        Each GPU has a budget of its own. How many were closed.
        """
        places = {resident.operator.place for resident in self if resident.operator.is_open}
        return sum(self._make_room_at(place, besides, share) for place in places)

    def _make_room_at(self, place: str, besides: Resident | None, share: float) -> int:
        there = [each for each in self if each.operator.is_open and each.operator.place == place]
        most = self._budget_at(place) * share
        num_closed = 0
        for resident in sorted(there, key=lambda resident: resident.last_used_s):
            if sum(each.num_bytes for each in there if each.operator.is_open) <= most:
                break
            if resident is not besides:
                num_closed += resident.close_if_idle()
        return num_closed

    def _budget_at(self, place: str) -> float:
        device = device_bytes(place)
        if device is not None:
            return device[0] * BUDGET_SHARE
        return memory_bytes() * BUDGET_SHARE if self.budget_bytes is None else self.budget_bytes

    def renew(self) -> None:
        """In a forked child: nobody runs an operator, and the locks that the parent's threads held are free."""
        self._lock = threading.Lock()
        for resident in self._residents:
            resident.renew()

    def _is_known(self, key: Any) -> bool:
        with self._lock:
            return self._find(key) is not None

    def _find(self, key: Any) -> Resident | None:
        return next((resident for resident in self._residents if resident.key == key), None)


def _pinned(spec: Recipe, key: Any) -> Any:
    """A new operator, of the files that it is known by: what replaces them before it is opened is another one's."""
    operator = spec.create()
    operator.pin(key[2])
    return operator


def alone(spec: Recipe) -> Resident:
    """A resident of its own for one scope of an operator that has its state in itself: closed after its last lease."""
    resident = Resident(spec, spec.create())
    resident.leave()
    return resident


_objects: weakref.WeakValueDictionary[int, Resident] = weakref.WeakValueDictionary()
"""By the identity of an operator, which its resident keeps alive."""
_finding = threading.RLock()  # the garbage collector may come by


def resident_of(operator: Any) -> Resident:
    """The resident of a caller's own operator: one, whichever pipelines it stands in. Nobody counts or closes it."""
    with _finding:
        resident = _objects.get(id(operator))
        if resident is None or resident.is_former:
            resident = _objects[id(operator)] = Resident(operator.spec, operator)
        return resident


def _is_older(one: Resident, other: Resident) -> bool:
    """Whether it is an operator of that name as it was before its class, or a file that it loads, was changed."""
    is_same_class = type(one.operator) is type(other.operator)
    return one.spec.name == other.spec.name and (not is_same_class or one.spec == other.spec)


def _key_of(spec: Recipe, replica: int) -> Any:
    """What residents are found by: the very class, its parameters, and the files that it loads."""
    return spec.load(), spec, files_of(spec), replica


def files_of(spec: Recipe) -> tuple[Stamp, ...]:
    """The files that an operator is loaded from, as they are now."""
    return file_stamps(spec.create().all_files()) if spec.load().names_files() else ()


residents = Residents()
"""The one of this process: ``junco.cache``."""


def _renew() -> None:
    """In a forked child."""
    global _finding
    _finding = threading.RLock()
    residents.renew()
    for resident in list(_objects.values()):
        resident.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

"""Residents: one loaded operator for each (name, parameters, device), shared by all pipelines of the process.

A resident is counted: it leaves when its last holder lets go. Under a memory budget, those that nobody is using at
the moment leave first, least recently used first; whoever needs one again loads it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec


@dataclass(eq=False)
class Resident:
    """An operator in memory, with those who hold it and those who run it right now."""

    spec: OperatorSpec
    operator: Operator
    num_holders: int = 0
    num_running: int = 0
    last_used_s: float = 0.0
    turn: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def use(self) -> Iterator[Operator]:
        """The opened operator, for one batch; alone unless it says that it is thread-safe."""
        if self.operator.hints.thread_safe:
            self.operator.ensure_open()
            yield self.operator
        else:
            with self.turn:
                self.operator.ensure_open()
                yield self.operator
        self.last_used_s = time.monotonic()


class Residents:
    """The process's loaded operators."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._residents: list[Resident] = []

    def hold(self, spec: OperatorSpec) -> Resident:
        """The resident for ``spec``, made if there is none; count one holder more."""
        with self._lock:
            resident = next((r for r in self._residents if r.spec == spec), None)
            if resident is None:
                resident = Resident(spec, spec.create())
                self._residents.append(resident)
            resident.num_holders += 1
            return resident

    def release(self, resident: Resident) -> None:
        """Count one holder less; the last one closes the operator."""
        with self._lock:
            resident.num_holders -= 1
            if resident.num_holders > 0:
                return
            self._residents.remove(resident)
        resident.operator.ensure_closed()

    def call(self, spec: OperatorSpec, item: tuple[Any, ...]) -> Any:
        """Work on one item; the operator stays for the next call."""
        with self._lock:
            resident = next((r for r in self._residents if r.spec == spec), None)
        with (resident or self.hold(spec)).use() as operator:
            return operator(*item)


residents = Residents()

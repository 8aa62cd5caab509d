"""The workers: one pool of threads for all runs of the process, at most one a core.

A run is driven by the thread that reads its results; the pool helps runs whose tasks are long enough to be worth it.
One lock guards all schedulers; tasks run outside it.
"""

from __future__ import annotations

import atexit
import os
import threading
from typing import Protocol

from junco.cores import num_cores

IDLE_S = 2.0
"""A worker with nothing to do for so long ends; it is started again when there is work."""

EXIT_S = 30.0
"""How long the interpreter's exit waits for a task under way."""


class Helped(Protocol):
    """A run, as the pool sees it."""

    def step(self) -> bool: ...


class Pool:
    """Threads that help runs."""

    def __init__(self, num_workers: int | None = None) -> None:
        self.lock = threading.RLock()
        self.work = threading.Condition(self.lock)
        self.num_workers = num_workers if num_workers is not None else max(1, num_cores() - 1)
        self._runs: list[Helped] = []
        self._threads: set[threading.Thread] = set()
        self._is_over = False

    def help(self, run: Helped) -> None:
        """Let the pool's threads take tasks of a run (call with the lock held)."""
        if run not in self._runs:
            self._runs.append(run)
        if len(self._threads) < self.num_workers and not self._is_over:
            thread = threading.Thread(target=self._loop, name="junco-worker", daemon=True)
            self._threads.add(thread)
            thread.start()
        self.work.notify_all()

    def forget(self, run: Helped) -> None:
        """Take no more tasks of a run."""
        with self.lock:
            self._runs = [other for other in self._runs if other is not run]

    def _loop(self) -> None:
        try:
            while self._step() or self._wait():
                pass
        finally:
            with self.lock:
                self._threads.discard(threading.current_thread())

    def end(self) -> None:
        """End the threads and wait until what they are running is done: none may be inside a model at exit."""
        with self.lock:
            self._is_over = True
            self._runs = []
            threads = list(self._threads)
            self.work.notify_all()
        for thread in threads:
            thread.join(EXIT_S)

    def _step(self) -> bool:
        with self.lock:
            runs = list(self._runs)
        return any(run.step() for run in runs)

    def _wait(self) -> bool:
        """Wait for work; false when there was none for a while."""
        with self.lock:
            return not self._is_over and self.work.wait(IDLE_S)


def pool() -> Pool:
    """The process's pool."""
    return _pool


@atexit.register
def _end() -> None:
    _pool.end()


def _renew() -> None:
    """A forked child has none of its parent's threads, and must not wait for locks that they held."""
    global _pool
    _pool = Pool()


_pool = Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

"""The workers: one pool of threads for all runs of the process, at most one a core, and what runs need beyond.

A run is driven by the thread that reads its results; the pool helps runs whose tasks are long enough to be worth it.
One lock guards all schedulers; tasks run outside it.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Hashable
from typing import Protocol

from junco.cores import num_cores
from junco.engine.rest import keeps_threads

IDLE_S = 2.0
"""A worker with nothing to do for so long ends; it is started again when there is work."""

EXIT_S = 10.0
"""How long the interpreter's exit waits for tasks under way."""


class Helped(Protocol):
    """A run, as the pool sees it."""

    @property
    def crew(self) -> Hashable:
        """What it shares the threads of its workers with: all runs of a pipeline are helped by one crew."""

    @property
    def num_extra_workers(self) -> int:
        """Threads beyond one a core that its crew has for its steps' workers."""

    @property
    def num_own_threads(self) -> int:
        """Threads that it needs for itself alone."""

    @property
    def is_at_work(self) -> bool:
        """Whether tasks of it are under way."""

    def run_task(self) -> bool:
        """Run one task, if there is one; false otherwise."""
        ...


class Pool:
    """Threads that help runs. Whoever finds work wakes the next, so that no more are awake than there is work for."""

    def __init__(self, num_workers: int | None = None) -> None:
        self.lock = threading.RLock()
        self.num_workers = num_workers if num_workers is not None else max(1, num_cores() - 1)
        self._work = threading.Condition(self.lock)
        self._runs: list[Helped] = []
        self._threads: dict[threading.Thread, Helped | None] = {}
        """Each with the run that it is at work for."""
        self._num_idle = 0
        self._num_calls = 0
        self._is_at_rest = False
        self._is_over = False

    def help(self, run: Helped) -> None:
        """Let the pool's threads take tasks of a run (call with the lock held)."""
        if run not in self._runs:
            self._runs.append(run)
        self.wake()

    def wake(self) -> None:
        """Let one more thread look for work (call with the lock held)."""
        self._num_calls += 1
        self._is_at_rest = False
        if self._num_idle:
            self._work.notify()
        elif self._has_room() and not self._is_over:
            thread = threading.Thread(target=self._loop, name="junco-worker", daemon=True)
            self._threads[thread] = None
            try:
                thread.start()
            except BaseException:  # Ctrl-C, or there may be no more threads
                self._threads.pop(thread, None)
                raise

    def forget(self, run: Helped) -> None:
        """Take no more tasks of a run."""
        with self.lock:
            self._runs = [other for other in self._runs if other is not run]

    def rest(self) -> None:
        """End the threads that have nothing to do, without waiting for it; others are started when there is work.

        Never waits for the lock: the garbage collector may come by, in a thread that whoever has the lock is waiting
        for. Then they end by themselves.
        """
        if self.lock.acquire(blocking=False):
            try:
                self._is_at_rest = True
                self._work.notify_all()
            finally:
                self.lock.release()

    def end(self) -> None:
        """End the threads and wait until what they are running is done: none may be inside a model at exit."""
        with self.lock:
            self._is_over = True
            self._runs = []
            threads = list(self._threads)
            self._work.notify_all()
        until_s = time.monotonic() + EXIT_S
        for thread in threads:
            thread.join(max(0.0, until_s - time.monotonic()))

    def _has_room(self) -> bool:
        """Whether one more thread may start; those that a run has left behind in a long task do not count."""
        runs = self._threads.values()
        num_present = sum(run is None or run in self._runs or not run.is_at_work for run in runs)
        crews: dict[Hashable, int] = {}
        for run in self._runs:
            crews[run.crew] = max(crews.get(run.crew, 0), run.num_extra_workers)
        num_wanted = sum(crews.values()) + sum(run.num_own_threads for run in self._runs)
        return num_present < self.num_workers + num_wanted

    def _loop(self) -> None:
        num_seen = -1
        while self._wait(num_seen):
            num_seen = self._num_calls
            if self._round():
                num_seen = -1

    def _round(self) -> bool:
        """Run a task of each run that has one, so that none waits for another; whether there was any."""
        with self.lock:
            runs = list(self._runs)
        num_found = sum(self._step(run) for run in runs)
        return num_found > 0

    def _step(self, run: Helped) -> bool:
        this = threading.current_thread()
        self._threads[this] = run
        try:
            return run.run_task()
        finally:
            self._threads[this] = None

    def _wait(self, num_seen: int) -> bool:
        """Wait until there may be work that was not seen yet; where there is none the thread is no longer one of us."""
        with self.lock:
            if self._num_calls == num_seen and not self._is_over and not self._is_at_rest:
                self._num_idle += 1
                self._work.wait(IDLE_S)
                self._num_idle -= 1
            if self._num_calls != num_seen and not self._is_over:
                return True
            self._threads.pop(threading.current_thread(), None)
            return False


def pool() -> Pool:
    """The process's pool."""
    return _pool


@keeps_threads
def _rest() -> None:
    _pool.rest()


@atexit.register
def _end() -> None:
    _pool.end()


def _before_fork() -> None:
    _pool.lock.acquire()


def _after_fork() -> None:
    _pool.lock.release()


def _renew() -> None:
    """A forked child has none of its parent's threads; the runs that they were at work for can still be closed."""
    global _pool
    parents, _pool = _pool, Pool()
    parents.lock.release()


_pool = Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_renew)

"""The worker processes of this process: one set for all steps, which begins with the first batch that is sent.

It ends soon after the last step that may use it has ended. The pool is loky's.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from junco.engine.worker import watch_parent
from junco.errors import MissingExtraError

IDLE_S = 60.0
"""A worker with nothing to do for so long ends, though there are steps that may use it."""


class Workers:
    """As many processes as the step that asks for the most. All steps share them."""

    def __init__(self) -> None:
        self._ends_at_exit = False
        self._users: set[int] = set()
        """Steps that may send something, by a number of each."""
        self._num_workers = 1
        self.renew()

    def renew(self) -> None:
        """In a forked child: the workers are its parent's."""
        self._lock = threading.Lock()
        self._executor: Any = None
        self._size = 0
        self._someone_left: queue.SimpleQueue[None] = queue.SimpleQueue()

    def enter(self, user: int, num_workers: int) -> None:
        """Count a user, who wants so many workers."""
        self._users.add(user)
        self._num_workers = max(self._num_workers, num_workers)

    def leave(self, user: int) -> None:
        """Count a user no more; with the last one the workers end. Never waits.

        The garbage collector may say so, in whatever thread and inside whatever lock: another thread ends them.
        """
        self._users.discard(user)
        self._someone_left.put(None)

    def submit(self, work: Callable[..., Any], *given: Any) -> tuple[Future[Any], object]:
        """Have a worker do something: what will come of it, and what to call `lost` with where it is no more."""
        with self._lock:
            if self._executor is None or self._size < self._num_workers:
                self._begin()
            future = self._executor.submit(work, *given)
            self._end_at_exit()
            return future, self._executor

    def lost(self, executor: Any) -> None:
        """A worker has died, which breaks its whole set: the next batch gets another one."""
        with self._lock:
            if self._executor is executor:
                self._executor = None
        executor.shutdown(wait=True)

    def end(self) -> None:
        """End the workers, whoever may use them, and wait for it."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)

    def _end_at_exit(self) -> None:
        """Let the interpreter's exit end the workers before loky waits there for all that they were given.

        What a plain ``atexit`` calls comes later.
        """
        register = getattr(threading, "_register_atexit", None)
        if register is not None and not self._ends_at_exit:
            register(self.end)
            self._ends_at_exit = True

    def _begin(self) -> None:
        """Begin a new set (with the lock held); one that is too small does what it was given, and ends."""
        try:
            from loky import ProcessPoolExecutor
        except ImportError:
            raise MissingExtraError("loky", "processes", "backend='process'") from None
        if self._executor is not None:
            self._executor.shutdown(wait=False)
        self._size = self._num_workers
        self._executor = ProcessPoolExecutor(
            self._size, timeout=IDLE_S, initializer=watch_parent, initargs=(os.getpid(),)
        )
        threading.Thread(target=self._end_unused, args=(self._executor,), name="junco-workers", daemon=True).start()

    def _end_unused(self, executor: Any) -> None:
        """Wait until nobody may use a set any more, and end it; what it was given is done first."""
        while self._is_used(executor):
            self._someone_left.get()
        executor.shutdown(wait=True)

    def _is_used(self, executor: Any) -> bool:
        with self._lock:
            if self._executor is executor and not self._users:
                self._executor = None
            return self._executor is executor


workers = Workers()
"""Those of this process."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.renew)

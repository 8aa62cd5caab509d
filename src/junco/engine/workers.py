"""The worker processes of this process: one set for all steps, which begins with the first batch that is sent.

It ends soon after the last step that may use it has ended. The pool is loky's.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from junco.engine.worker import watch_parent
from junco.errors import MissingExtraError

IDLE_S = 60.0
"""A worker with nothing to do for so long ends, though there are steps that may use it."""

END_S = 5.0
"""How long the interpreter's exit waits for workers that have something to do still, though nobody wants it."""


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
        self._keepers: set[threading.Thread] = set()
        """Each ends one set of workers, when nobody may use it any more."""
        self._someone_left: queue.SimpleQueue[None] = queue.SimpleQueue()
        """Wakes the keeper of the set."""

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
            try:
                future = self._executor.submit(work, *given)
            except BrokenProcessPool:  # a worker has died since, with nothing to do
                self._begin()
                future = self._executor.submit(work, *given)
            self._end_at_exit()
            return future, self._executor

    def lost(self, executor: Any) -> None:
        """A worker has died, which breaks its whole set: the next batch gets another one."""
        with self._lock:
            if self._executor is executor:
                self._executor = None
                self._someone_left.put(None)
        executor.shutdown(wait=True)

    def end(self) -> None:
        """End the workers, whoever may use them, and wait for it; not for long where they end by themselves."""
        with self._lock:
            executor, self._executor = self._executor, None
            keepers = list(self._keepers)
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)
        self._someone_left.put(None)
        for keeper in keepers:
            keeper.join(END_S)

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
            self._someone_left.put(None)
        self._size = self._num_workers
        self._executor = ProcessPoolExecutor(
            self._size, timeout=IDLE_S, initializer=watch_parent, initargs=(os.getpid(),)
        )
        self._someone_left = queue.SimpleQueue()
        kept = self._executor, self._someone_left
        keeper = threading.Thread(target=self._end_unused, args=kept, name="junco-workers", daemon=True)
        self._keepers.add(keeper)
        keeper.start()

    def _end_unused(self, executor: Any, someone_left: queue.SimpleQueue[None]) -> None:
        """Wait until nobody may use a set any more, and end it; what it was given is done first."""
        while not self._is_unused(executor):
            someone_left.get()
        if self._is_taken_out(executor):
            executor.shutdown(wait=True)
        self._keepers.discard(threading.current_thread())

    def _is_unused(self, executor: Any) -> bool:
        """Whether all have left, or another set has taken its place."""
        with self._lock:
            return self._executor is not executor or not self._users

    def _is_taken_out(self, executor: Any) -> bool:
        """Whether nobody else has taken it out, who ends it then."""
        with self._lock:
            if self._executor is not executor:
                return False
            self._executor = None
            return True


workers = Workers()
"""Those of this process."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.renew)

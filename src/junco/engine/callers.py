"""Threads that make calls for those who must stay free: async callers, and callers who have a deadline.

Such calls share batches like all others. One whose time is over is left behind: its caller goes on, and it leaves every
queue that it stands in; what is inside an operator ends by itself.
"""

from __future__ import annotations

import contextvars
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from junco.engine.options import checked_timeout
from junco.engine.rest import keeps_threads
from junco.errors import DeadlineError
from junco.operator.lanes import Lane, Waiters, begun_by_loop, in_lane, lane, until, waiting_for_me, working_for

if TYPE_CHECKING:
    import asyncio

_T = TypeVar("_T")
MOST_ASYNC_CALLS = 128
"""Async calls under way at once; more wait for their turn. asyncio's own threads are too few to fill a batch."""
IDLE_S = 2.0
"""A thread with nothing to do for so long ends."""
Job = Callable[[], Any]
Jobs = queue.SimpleQueue[tuple[Job, Future[Any]] | None]
"""What a thread is given to do; ``None`` ends it."""


class Callers:
    """Threads that are made when they are needed.

    Args:
        most: calls under way at once, those that were left behind not counted; ``None`` is no bound.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._idle: deque[Jobs] = deque()
        self._waiting: deque[tuple[Job, Future[Any]]] = deque()
        self._under_way: set[Future[Any]] = set()

    def submit(self, call: Job) -> Future[Any]:
        """Have a call made."""
        future: Future[Any] = Future()
        with self._lock:
            if self._most is not None and len(self._under_way) >= self._most:
                self._waiting.append((call, future))
                return future
            self._begin(call, future)
        return future

    def leave_behind(self, future: Future[Any]) -> None:
        """Nobody waits for a call any more: one that has not begun never will, another one makes room."""
        future.cancel()
        with self._lock:
            self._under_way.discard(future)
            self._next()

    def rest(self) -> None:
        """End the threads that have nothing to do, without waiting for it; others are made when they are needed.

        Never waits for the lock, which the calling thread may have: the garbage collector may come by.
        """
        if self._lock.acquire(blocking=False):
            try:
                while self._idle:
                    self._idle.pop().put(None)
            finally:
                self._lock.release()

    def _begin(self, call: Job, future: Future[Any]) -> None:
        """Give a call to a thread (with the lock held)."""
        self._under_way.add(future)
        if self._idle:
            self._idle.pop().put((call, future))
            return
        jobs: Jobs = queue.SimpleQueue()
        jobs.put((call, future))
        try:
            threading.Thread(target=self._work, args=(jobs,), name="junco-call", daemon=True).start()
        except RuntimeError as error:  # there may be no more threads
            self._under_way.discard(future)
            future.set_exception(error)

    def _next(self) -> None:
        """Begin what waits, as far as there is room (with the lock held)."""
        while self._waiting and (self._most is None or len(self._under_way) < self._most):
            self._begin(*self._waiting.popleft())

    def _work(self, jobs: Jobs) -> None:
        while (job := self._next_job(jobs)) is not None:
            call, future = job
            tell = _made(call, future)
            with self._lock:
                self._under_way.discard(future)
                self._idle.append(jobs)
                self._next()
            tell()  # only now: whoever is told may make his next call at once, and finds this thread
            del job, call, future, tell  # and the values that they hold, while the next one is waited for

    def _next_job(self, jobs: Jobs) -> tuple[Job, Future[Any]] | None:
        """What a thread has to do next; ``None`` where that is nothing any more."""
        while True:
            try:
                return jobs.get(timeout=IDLE_S)
            except queue.Empty:
                with self._lock:
                    if jobs in self._idle:
                        self._idle.remove(jobs)
                        return None
                # it was given one just now


def _made(call: Job, future: Future[Any]) -> Job:
    """Make a call, unless nobody wants it any more; what tells the one who waits for it."""
    if not future.set_running_or_notify_cancel():
        return lambda: None
    try:
        return partial(future.set_result, call())
    except BaseException as error:  # to whoever waits for it
        return partial(future.set_exception, error)


def with_time_left(make: Callable[[], _T], timeout_s: float) -> tuple[_T, float | None]:
    """What takes a part of the caller's time, and how many seconds of that are left; ``None``: as many as one likes.

    Raises:
        DeadlineError: they were over first.
    """
    limit_s = checked_timeout(timeout_s)
    if limit_s is None:
        return make(), None
    started = time.monotonic()
    made: _T = by_deadline(make, limit_s)
    return made, max(0.0, limit_s - (time.monotonic() - started))


def by_deadline(call: Job, timeout_s: float) -> Any:
    """What ``call`` gives, in the caller's context variables.

    Raises:
        DeadlineError: ``timeout_s`` seconds were over first.
    """
    until_s = time.monotonic() + timeout_s
    callers = _deadline_callers
    waiting = waiting_for_me()
    future = callers.submit(_in_context(call, until_s, waiting))
    try:
        return future.result(max(0.0, timeout_s))
    except NotYet:
        if future.done():  # just now, or the call itself raised it
            return future.result()
        raise DeadlineError(f"the call did not end within its timeout_s={timeout_s:g}") from None
    finally:
        waiting[-1].is_there = False
        if not future.done():
            callers.leave_behind(future)


async def in_thread(call: Callable[..., Any], *inputs: Any, timeout_s: float | None = None) -> Any:
    """The same for async callers. A task that is cancelled before its turn is not begun.

    Raises:
        DeadlineError: ``timeout_s`` seconds were over first.
    """
    import asyncio  # takes a while to import

    timeout_s = checked_timeout(timeout_s)
    until_s = None if timeout_s is None else time.monotonic() + timeout_s
    with begun_by_loop() as waiting:
        future = _async_callers.submit(_in_context(partial(call, *inputs), until_s, waiting))
        try:
            return await _awaited(asyncio.wrap_future(future), timeout_s)
        finally:
            if not future.done():
                _async_callers.leave_behind(future)


async def _awaited(future: asyncio.Future[Any], timeout_s: float | None) -> Any:
    import asyncio

    if timeout_s is None:
        return await future
    done, _ = await asyncio.wait([future], timeout=max(0.0, timeout_s))
    if not done:
        future.cancel()  # what it raises later is nobody's any more
        raise DeadlineError(f"the call did not end within its timeout_s={timeout_s:g}")
    return future.result()


@keeps_threads
def rest() -> None:
    """End the threads that have nothing to do."""
    _deadline_callers.rest()
    _async_callers.rest()


def _in_context(call: Job, until_s: float | None, waiting: Waiters) -> Job:
    """A call as its caller would make it: with his context variables, and known to be what he waits for."""
    return partial(_within, call, until_s, contextvars.copy_context(), waiting, lane())


def _within(call: Job, until_s: float | None, context: contextvars.Context, waiting: Waiters, its_lane: Lane) -> Any:
    with working_for(waiting), in_lane(its_lane), until(until_s):
        return context.run(call)


def _renew() -> None:
    """A forked child has none of its parent's threads."""
    global _deadline_callers, _async_callers
    _deadline_callers, _async_callers = Callers(), Callers(MOST_ASYNC_CALLS)


_deadline_callers, _async_callers = Callers(), Callers(MOST_ASYNC_CALLS)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

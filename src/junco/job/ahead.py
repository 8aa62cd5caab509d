"""Inputs from afar are fetched several at once, ahead of the one that is wanted; all others when it is their turn."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from junco.job.feed import Todo
from junco.job.item import LargerThanSaidError

MOST_FETCHES, MOST_BYTES = 16, 256_000_000
"""Under way or waiting to be taken at once. What is larger than that is fetched alone."""
Read = Callable[[], Any]
"""Gives the value of an input, or raises why there is none."""


def read_ahead(todos: Iterator[Todo]) -> Iterator[tuple[Todo, Read]]:
    """The same in their order, each with what gives its value."""
    ahead: deque[tuple[Todo, Read]] = deque()
    fetchers = _Fetchers()
    try:
        while True:
            while _has_room(ahead) and (todo := next(todos, None)) is not None:
                ahead.append((todo, fetchers.read(todo) if todo.item.num_bytes else partial(_read, todo)))
            if not ahead:
                return
            yield ahead.popleft()
    finally:
        fetchers.end()


def _has_room(ahead: deque[tuple[Todo, Read]]) -> bool:
    """Whether to look at one more: a source that has nothing to fetch is read no sooner than it is wanted."""
    if not ahead:
        return True
    sizes = [todo.item.num_bytes for todo, _ in ahead]
    return bool(sizes[-1]) and len(sizes) < MOST_FETCHES and sum(sizes) + max(sizes) <= MOST_BYTES


def _read(todo: Todo) -> Any:
    return todo.item.value if todo.item.read is None else todo.item.read()


class _Fetchers:
    """Threads that nobody waits for at the end: a server that does not answer keeps no process from ending."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[tuple[Todo, Future[Any]] | None] = queue.SimpleQueue()
        self._num_threads = 0

    def read(self, todo: Todo) -> Read:
        """Have it fetched."""
        fetched: Future[Any] = Future()
        self._wanted.put((todo, fetched))
        if self._num_threads < MOST_FETCHES:
            self._num_threads += 1
            threading.Thread(target=self._work, name="junco-fetch", daemon=True).start()
        return partial(_taken, todo, fetched)

    def end(self) -> None:
        """Fetch nothing more."""
        with suppress(queue.Empty):
            while True:
                self._wanted.get_nowait()
        for _ in range(self._num_threads):
            self._wanted.put(None)

    def _work(self) -> None:
        while (job := self._wanted.get()) is not None:
            _fetch(*job)
            del job  # and its value, which may be large, while the next one is waited for


def _taken(todo: Todo, fetched: Future[Any]) -> Any:
    """What was fetched; where that was more than was thought, it is fetched now, and nothing like it is beside it."""
    try:
        return fetched.result()
    except LargerThanSaidError:
        return _read(todo)


def _fetch(todo: Todo, fetched: Future[Any]) -> None:
    read_ahead = todo.item.read_ahead
    try:
        fetched.set_result(_read(todo) if read_ahead is None else read_ahead())
    except BaseException as error:  # to whoever asks for the value
        fetched.set_exception(error)

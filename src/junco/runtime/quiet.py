"""Silence around converters: they announce deprecations and progress that no user can act on.

Only the thread that converts is silent: stdout, warnings and loggers are the process's, and what other threads say
meanwhile is heard.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from junco.forks import ForkedLock

_one_at_a_time = ForkedLock()


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """No warnings, no log lines below errors, nothing on stdout, from this thread; afterwards all is as before.

    One thread at a time: two would each put back what the other had changed, and converters are not made for two.
    """
    me = threading.get_ident()
    with _one_at_a_time(), _without_prints(me), _without_warnings(me), _without_log_lines(me):
        yield


class _Muted:
    """A stream that drops what one thread writes."""

    def __init__(self, stream: Any, thread: int) -> None:
        self.stream, self.thread = stream, thread

    def write(self, text: str) -> int:
        if threading.get_ident() == self.thread:
            return len(text)
        written: int = self.stream.write(text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextlib.contextmanager
def _without_prints(thread: int) -> Iterator[None]:
    muted: Any = _Muted(sys.stdout, thread)
    sys.stdout = muted
    try:
        yield
    finally:
        muted.thread = -1  # whoever took hold of it meanwhile keeps a plain stream
        if sys.stdout is muted:
            sys.stdout = muted.stream


class _FromThread:
    """Stands in a filter of warnings for the pattern that messages have to match: those of one thread do."""

    def __init__(self, thread: int) -> None:
        self.thread = thread

    def match(self, _: str) -> bool:
        return threading.get_ident() == self.thread


@contextlib.contextmanager
def _without_warnings(thread: int) -> Iterator[None]:
    entry: Any = ("ignore", _FromThread(thread), Warning, None, 0)
    held: Any = warnings
    filters = held.filters  # not catch_warnings, which would put back what other threads changed meanwhile
    filters.insert(0, entry)
    try:
        yield
    finally:
        for each in (filters, held.filters):
            if entry in each:
                each.remove(entry)


@contextlib.contextmanager
def _without_log_lines(thread: int) -> Iterator[None]:
    def is_heard(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or threading.get_ident() != thread

    handlers = _handlers()
    for handler in handlers:
        handler.addFilter(is_heard)
    try:
        with _root_left_alone(thread):
            yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_heard)


def _handlers() -> list[logging.Handler]:
    """All that write log lines now."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    found = [handler for logger in loggers if isinstance(logger, logging.Logger) for handler in logger.handlers]
    return [*found, *filter(None, [logging.lastResort])]


@contextlib.contextmanager
def _root_left_alone(thread: int) -> Iterator[None]:
    """Without what a library does to the root logger by ``logging.basicConfig``."""
    root: Any = logging.getLogger()

    def guarded(method: Any) -> Any:
        def changed(value: Any) -> None:
            if threading.get_ident() != thread:
                method(value)

        return changed

    is_outer = "addHandler" not in vars(root)
    if is_outer:
        root.addHandler, root.setLevel = guarded(root.addHandler), guarded(root.setLevel)
    try:
        yield
    finally:
        if is_outer:
            del root.addHandler, root.setLevel

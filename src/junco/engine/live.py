"""A live source is read in a thread of its own: so nobody else waits for an item that is long in coming."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from junco.engine.scheduler import Task


class SourceThread:
    """Runs the source's tasks of one run; the thread starts with the first of them.

    Attributes:
        late_s: when what has come of the source's block is to be taken without the rest, on the monotonic clock;
            ``None`` when that has been done, or the task is over.
    """

    def __init__(self, execute: Callable[[Task], None]) -> None:
        self.late_s: float | None = None
        self._execute = execute
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, task: Task, late_s: float) -> None:
        """Have a task run, and look at what has come at ``late_s`` unless it is over by then."""
        self.late_s = late_s
        self._tasks.put(task)
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="junco-source", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Run nothing more; a task that waits for its item ends with it."""
        self._tasks.put(None)

    def _loop(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._execute(task)

"""A job that ends at a step: before or after something that a store is asked for."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from junco.testing.letters import plain_pipeline, texts
from junco.vector_store.contract import VectorStore
from junco.vector_store.installed import store_at

_CALLS = ("open", "upsert", "remove", "drop", "finish", "count", "close")


def source(which: int) -> Sequence[str]:
    """One of two sources that share most of their inputs."""
    return texts(400, 100 * which)


class StoppedError(BaseException):
    """A job was stopped at a step; no handler of errors takes it for one."""


class Steps:
    """Counts steps, and does something at one of them.

    Args:
        stop_at: at which, from 1; 0: at none.
        stop: what.
    """

    def __init__(self, stop_at: int, stop: Callable[[], None]) -> None:
        self.stop_at, self.stop, self.count = stop_at, stop, 0

    def take(self) -> None:
        """One more."""
        self.count += 1
        if self.count == self.stop_at:
            self.stop()

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, with a step before it and one after; a store that is stopped before it closes is let go of."""

        @functools.wraps(call)
        def stepping(*args: Any, **options: Any) -> Any:
            try:
                self.take()
            except StoppedError:
                if call.__name__ == "close":
                    call(*args, **options)
                raise
            result = call(*args, **options)
            self.take()
            return result

        return stepping

    @contextmanager
    def in_store(self, kind: type[VectorStore]) -> Iterator[None]:
        """For a while, all that stores of a kind are asked for is a step."""
        own = {name: kind.__dict__.get(name) for name in _CALLS}
        for name in _CALLS:
            setattr(kind, name, self.around(getattr(kind, name)))
        try:
            yield
        finally:
            for name, call in own.items():
                delattr(kind, name) if call is None else setattr(kind, name, call)


def stopped(address: str, which: int, stop_at: int = 0) -> int:
    """Run a job in this process, stopped at a step as by Ctrl-C; how many steps it took."""

    def stop() -> NoReturn:
        raise StoppedError

    steps = Steps(stop_at, stop)
    with plain_pipeline() as pipeline, steps.in_store(type(store_at(address))), suppress(StoppedError):
        pipeline.run(source(which), address, progress=False)
    return steps.count


def killed(address: str, which: int, kill_at: int) -> None:
    """Run a job in a process of its own that kills itself at a step.

    Raises:
        AssertionError: it ended in another way.
    """
    command = [sys.executable, "-m", "junco.testing.killing", address, str(which), str(kill_at)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603  # our own
    assert done.returncode == -signal.SIGKILL, done.stderr


def _main(address: str, which: str, kill_at: str) -> None:
    steps = Steps(int(kill_at), lambda: os.kill(os.getpid(), signal.SIGKILL))
    with plain_pipeline() as pipeline, steps.in_store(type(store_at(address))):
        pipeline.run(source(int(which)), address, progress=False)


if __name__ == "__main__":
    _main(*sys.argv[1:])

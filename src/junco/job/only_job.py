"""One job a target: a lock that the system takes back when its holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from junco.errors import MissingExtraError, TargetBusyError


@contextmanager
def only_job(path: Path, target: str) -> Iterator[None]:
    """Hold the lock.

    Raises:
        TargetBusyError: another job holds it.
    """
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        raise MissingExtraError("filelock", "parquet", "a bulk job") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise TargetBusyError(f"another job is writing to {target}: wait for it, or give another target") from None
    try:
        yield
    finally:
        lock.release()

"""Copies of sets in JUNCO_HOME, as files that can be asked: of a text, of what lies at an address."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from junco.errors import MissingExtraError
from junco.settings import settings
from junco.store.durable import removed, sync_folder, writing

_LOCK, _MAKING = ".lock", ".making-"
_OLD_S = 3600


def kept_copy(source: str, content: str, make: Callable[[Path], None]) -> Path:
    """The folder with the copy of a set: made by the first process that asks, and others wait for it.

    It appears whole or not at all; copies of what the set held before are removed once it is there.

    Args:
        source: where the set lies.
        content: what identifies what it holds now, as the name of a folder.
        make: writes the copy into an empty folder.

    Raises:
        MissingExtraError: the lock needs a package.
        TargetError: JUNCO_HOME cannot be written.
    """
    folder = settings().home / "sets" / hashlib.sha256(os.fsencode(source)).hexdigest()[:16]
    made = folder / content
    if not made.exists():
        with writing(str(folder)):
            folder.mkdir(0o700, parents=True, exist_ok=True)
            with _only_one(folder / _LOCK):
                if not made.exists():
                    _publish(made, make)
    return made


def _publish(made: Path, make: Callable[[Path], None]) -> None:
    """Make a copy aside, put it in its place, and remove the older ones."""
    aside = Path(tempfile.mkdtemp(prefix=_MAKING, dir=made.parent))
    try:
        make(aside)
        _put(aside, made)
    except BaseException:
        removed(aside)
        raise
    for old in made.parent.iterdir():
        if old != made and old.name != _LOCK and not _is_at_work(old):
            with suppress(OSError):  # in use, where the system keeps such files
                removed(old)


def _put(aside: Path, made: Path) -> None:
    """In one step; without a lock another process may have been there before."""
    try:
        aside.rename(made)
    except OSError:
        if not made.exists():
            raise
        removed(aside)
    sync_folder(made.parent)


def _is_at_work(path: Path) -> bool:
    """Whether another process, without a lock, may be making it."""
    return path.name.startswith(_MAKING) and time.time() - path.stat().st_mtime < _OLD_S


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """One at a time, by a lock that the system takes back when its holder dies."""
    try:
        from filelock import FileLock
    except ImportError:
        raise MissingExtraError("filelock", "parquet", "a copy of a set") from None
    lock = FileLock(path)
    try:
        lock.acquire()
    except NotImplementedError:  # by the file system: whoever comes second throws its own copy away
        yield
        return
    try:
        yield
    finally:
        lock.release()

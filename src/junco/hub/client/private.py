"""Files that are one user's alone: made so, and refused where they are not."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from junco.errors import IntegrityError, MissingExtraError, TargetError
from junco.settings import settings


def hub_home() -> Path:
    """The folder in which all of hubs lies, of this user alone.

    Raises:
        IntegrityError: it is a link, somebody else's, or others may write in it.
        TargetError: it cannot be made.
    """
    return private_folder(settings().home / "hub")


def private_folder(path: Path) -> Path:
    """A folder with rights 0700, made if it is not there.

    Raises:
        IntegrityError: it is a link, somebody else's, or others may write in it.
        TargetError: it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        state = path.lstat()
    except OSError as error:
        raise TargetError(f"{path} cannot be made: {error.strerror or error}") from None
    if not stat.S_ISDIR(state.st_mode):
        raise IntegrityError(f"{path} is no folder, or a link to one: move it away")
    _check_owner(path, state, 0o022)
    return path


def _check_owner(path: Path, state: os.stat_result, not_for_others: int) -> None:
    if not hasattr(os, "geteuid"):
        return
    if state.st_uid != os.geteuid():
        raise IntegrityError(
            f"{path} belongs to another user, who could change what is in it: set JUNCO_HOME elsewhere"
        )
    if state.st_mode & not_for_others:
        raise IntegrityError(f"{path} is open to other users: chmod -R go-rwx {path}")


def read_private(path: Path) -> Any:
    """The JSON of a file that only this user can read; ``None`` where there is no such file.

    Raises:
        IntegrityError: others can read it, it is a link, or no JSON.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror or error}") from None
    with os.fdopen(handle, "rb") as file:
        _check_owner(path, os.fstat(file.fileno()), 0o077)
        try:
            return json.loads(file.read())
        except (ValueError, RecursionError):
            raise IntegrityError(f"{path} holds no JSON: move it away, and log in again") from None


def write_private(path: Path, value: Any) -> None:
    """Write JSON to a file that only this user can read: whole, or not at all.

    Raises:
        TargetError: it cannot be written.
    """
    write_whole(path, json.dumps(value, indent=1).encode())


@contextmanager
def alone() -> Iterator[None]:
    """Be the only process of this user's that changes what is kept of hubs, so that nothing taken back comes again.

    Raises:
        MissingExtraError: filelock is not installed.
    """
    try:
        from filelock import FileLock
    except ModuleNotFoundError:
        raise MissingExtraError("filelock", "hub", "a hub") from None
    with FileLock(hub_home() / "changing.lock", mode=0o600):
        yield


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of this user's alone: beside it under a new name, then in its place.

    Raises:
        TargetError: it cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # O_EXCL, 0600
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError as error:
        raise TargetError(f"{path} cannot be written: {error.strerror or error}") from None

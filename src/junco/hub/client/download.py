"""A file from a hub into the cache: resumed, hashed as it comes, and seen by nobody before it is whole."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from junco.errors import IntegrityError, MissingExtraError, TargetError
from junco.hub.artefact.tree import File
from junco.hub.client.cache import Cache
from junco.hub.client.connection import (
    MOST_ANSWER_S,
    PIECE_BYTES,
    SLOWEST_BYTES_PER_S,
    TRIES,
    BrokenLineError,
    Connection,
    repository_path,
)

Told = Callable[[str, int, int], None]
"""Told of progress: a path, bytes that are there, and bytes in all."""


def silent(path: str, done: int, total: int) -> None:
    """Tell nobody."""


def download(connection: Connection, cache: Cache, repository: str, file: File, told: Told = silent) -> None:
    """Bring a file into the cache; two processes that want the same wait for each other.

    Raises:
        IntegrityError: its bytes are others than its sha256 says; nothing of them stays.
        UnavailableError: the hub cannot be reached, or does not have it.
        TargetError: it cannot be written.
    """
    try:
        from filelock import FileLock
    except ModuleNotFoundError:
        raise MissingExtraError("filelock", "hub", "a hub") from None
    with FileLock(cache.incoming / f"{file.sha256}.lock", mode=0o600):
        if cache.has_blob(file):
            return
        part = cache.incoming / f"{file.sha256}.part"
        connection.patiently(lambda: _go_on(connection, repository, file, part, told), TRIES)
        part.chmod(0o400)
        part.replace(cache.blob(file.sha256))
    with suppress(OSError):
        (cache.incoming / f"{file.sha256}.lock").unlink()


def _go_on(connection: Connection, repository: str, file: File, part: Path, told: Told) -> None:
    """Take what is missing of a file, behind what came before."""
    with _opened(part) as target:
        made = hashlib.sha256()
        while piece := target.read(PIECE_BYTES):
            made.update(piece)
        if (have := target.tell()) > file.size:
            target.seek(0)
            target.truncate()
            made, have = hashlib.sha256(), 0
        told(file.path, have, file.size)
        if have < file.size:
            _receive(connection, repository, file, target, have, made, told)
        target.flush()
    if made.hexdigest() != file.sha256 or part.stat().st_size != file.size:
        part.unlink(missing_ok=True)
        raise IntegrityError(
            f"{connection.address}: {file.path} of {repository} came with the sha256 {made.hexdigest()}, and should "
            f"have {file.sha256}: it is thrown away"
        )


def _receive(
    connection: Connection, repository: str, file: File, target: Any, have: int, made: Any, told: Told
) -> None:
    path = f"{repository_path(repository)}/blobs/{file.sha256}"
    headers = {"Range": f"bytes={have}-"} if have else {}
    most_s = MOST_ANSWER_S + (file.size - have) / SLOWEST_BYTES_PER_S
    with connection.answered("GET", path, headers=headers) as answer:
        if have and answer.status_code != 206:
            target.truncate(0)  # it sends all of it, though it was asked for the rest
            raise BrokenLineError(f"{connection.address} does not go on where {file.path} broke off: it begins anew")
        for piece in connection.pieces(answer, file.size - have, most_s):
            target.write(piece)
            made.update(piece)
            have += len(piece)
            told(file.path, have, file.size)


def _opened(part: Path) -> Any:
    """A file that is this user's own and no link, open to be read and to be written at its end."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(part, flags, 0o600)
    except OSError as error:
        raise TargetError(f"{part} cannot be written: {error.strerror or error}") from None
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
        os.close(handle)
        part.unlink(missing_ok=True)
        raise IntegrityError(f"{part} was no plain file of junco's, and is put away: try again")
    return os.fdopen(handle, "r+b")

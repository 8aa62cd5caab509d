"""What lies in an operator's files: the sha256 of their bytes, read once as long as a file stays what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePath

Mark = tuple[str, int, int, int]
"""A file's path, size, time of change and inode."""


def file_marks(paths: Iterable[Path]) -> tuple[Mark, ...]:
    """What changes when files do, without reading them; one that is not there has a size of -1."""
    return tuple(_mark(Path(path)) for path in paths)


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    return _sha256(_mark(path))


@lru_cache(maxsize=256)
def _sha256(mark: Mark) -> str:
    with Path(mark[0]).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark(path: Path) -> Mark:
    try:
        state = path.stat()
    except OSError:
        return str(path), -1, 0, 0
    return str(path), state.st_size, state.st_mtime_ns, state.st_ino


def names_files(value: object, files: Iterable[Path]) -> bool:
    """Whether a parameter's value says no more than where files lie: it is the path of one, or of a folder above."""
    if not isinstance(value, (str, PurePath)) or not str(value):
        return False
    place = Path.cwd() / value
    return any(place in (at, *at.parents) for at in (Path.cwd() / file for file in files))

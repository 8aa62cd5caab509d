"""Files that survive: written aside, flushed to the disk, put in place in one step."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from junco.errors import TargetError

_ENDS_BYTES = 65536
_WHY = {errno.ENOSPC: "no space is left on the disk", errno.EDQUOT: "the disk quota is used up"}


@contextmanager
def writing(target: str) -> Iterator[None]:
    """Turn what the operating system says into one clear line.

    Raises:
        TargetError: in the place of any ``OSError``.
    """
    try:
        yield
    except OSError as error:
        why = _WHY.get(error.errno or 0) or error.strerror or str(error)
        cure = "What is finished is kept: make room and run the same again." if error.errno in _WHY else ""
        raise TargetError(f"{target} cannot be written: {why}. {cure}".strip()) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of ``path`` at the end, whole; after an error ``path`` is as it was."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable, where the platform can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def moved(source: Path, target: Path) -> None:
    """Put a file or a folder in the place of another."""
    if source.is_dir() and target.is_dir():
        aside = source.with_name(f"{source.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)
        source.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        source.replace(target)
    sync_folder(target.parent)


def stamp_of(path: Path) -> str | None:
    """What identifies a file's or a folder's content: names, sizes and a hash of both ends; ``None`` without any."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file()] if path.is_dir() else [path]
    if not path.exists() or not files:
        return None
    digest = hashlib.sha256()
    for file in files:
        size = file.stat().st_size
        digest.update(f"{file.relative_to(path)} {size}\n".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(_ENDS_BYTES))
            opened.seek(max(0, size - _ENDS_BYTES))
            digest.update(opened.read(_ENDS_BYTES))
    return digest.hexdigest()

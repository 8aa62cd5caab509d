"""Files that survive: written aside, flushed to the disk, put in place in one step."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
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
    """A file to write that takes the place of ``path`` at the end, whole; after an error ``path`` is as it was.

    Several may write at once: each has a file of its own, and the last takes the place.
    """
    part = path.with_name(f"{path.name}.part-{os.urandom(4).hex()}")
    try:
        with part.open("xb") as file:
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
    """Put a file or a folder in the place of another, so that whoever looks finds the one or the other."""
    if target.is_dir():
        exchanged(source, target)
    else:
        source.replace(target)
    sync_folder(target.parent)
    sync_folder(source.parent)


def exchanged(source: Path, target: Path) -> None:
    """Put each of two files or folders in the other's place, in one step where the system can, which most do."""
    if swap(source, target):
        return
    aside = source.with_name(f"{source.name}.old")
    removed(aside)
    target.rename(aside)
    source.rename(target)
    aside.rename(source)


def removed(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


_SWAPS = {"linux": ("renameat2", (-100,), 2), "darwin": ("renamex_np", (), 2)}
"""The call of a system, the folder that it takes before each path (the working one), and its flag."""


def swap(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; ``False`` where the system or the disk cannot."""
    import ctypes

    name, folder, flag = _SWAPS.get(sys.platform, ("", (), 0))
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None) if name else None
    if call is None:
        return False
    return bool(call(*folder, os.fsencode(one), *folder, os.fsencode(other), ctypes.c_uint(flag)) == 0)


def sums_of(path: Path) -> dict[str, str]:
    """A hash of each file's content, by its name or, in a folder, by folder and name; empty where nothing is there."""
    return {_name(file, path): _sum(file) for file in _files(path)}


def sizes_of(path: Path) -> dict[str, list[int]]:
    """Size and time of the same files: whoever writes to one changes them."""
    states = {_name(file, path): file.stat() for file in _files(path)}
    return {name: [state.st_size, state.st_mtime_ns] for name, state in states.items()}


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in sorted(path.rglob("*")) if file.is_file()]
    return [path] if path.exists() else []


def _name(file: Path, path: Path) -> str:
    return file.relative_to(path.parent).as_posix()


def _sum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def stamp_of(path: Path) -> str | None:
    """What identifies a file's or a folder's content: names, sizes and a hash of both ends; ``None`` without any."""
    files = _files(path)
    if not files:
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

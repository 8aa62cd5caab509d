"""Large file objects: read where they lie, however large, or copied to a temporary file where they cannot be.

Several may read one at the same time, from different threads: the steps of a pipeline that each take a video apart.
Each reads from where the file object stood, and leaves it there.
"""

from __future__ import annotations

import io
import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from junco.errors import InputError
from junco.forks import ForkedLock

_IN_MEMORY_BYTES = 8 * 2**20
_CHUNK_BYTES = 1 << 20
_locks: weakref.WeakKeyDictionary[Any, ForkedLock] = weakref.WeakKeyDictionary()
"""By file object that is being read."""
_new_lock = ForkedLock()


@contextmanager
def opened_object(file: Any, name: str, max_bytes: int) -> Iterator[IO[bytes]]:
    """What is left of a binary file object, as a seekable file of its own, at its start.

    Args:
        file: is left where it stood, if it is seekable, and used up otherwise.
        name: for messages.
        max_bytes: of what is not seekable, and therefore copied.

    Raises:
        InputError: it cannot be read, gives text, or is larger.
    """
    lock = _lock_of(file)
    try:
        if lock is not None and callable(getattr(file, "seekable", None)) and file.seekable():
            with lock():
                start = file.tell()
                _check_binary(file.read(0), name)
            found: IO[bytes] = io.BufferedReader(_InPlace(file, name, start, lock))
        else:
            found = _copied(file, name, max_bytes)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {error}") from error
    with found:
        yield found


def _lock_of(file: Any) -> ForkedLock | None:
    """One for all that read it; ``None``: nothing can be kept of such an object."""
    try:
        with _new_lock():
            return _locks.setdefault(file, ForkedLock())
    except TypeError:
        return None


def _check_binary(content: Any, name: str) -> None:
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise InputError(f"{name}: open the file in binary mode ('rb'); its read() gave {type(content).__name__}")


def _copied(file: Any, name: str, max_bytes: int) -> IO[bytes]:
    copy: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  # whoever gets it closes it
    try:
        num_bytes = 0
        while content := file.read(_CHUNK_BYTES):
            _check_binary(content, name)
            num_bytes += len(content)
            if num_bytes > max_bytes:
                raise InputError(f"{name}: more than max_bytes={max_bytes:,}; give its path")
            copy.write(content)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    found: IO[bytes] = copy
    return found


class _InPlace(io.RawIOBase):
    """A file object from one place on, which is back where it stood after each reading."""

    def __init__(self, file: Any, name: str, start: int, lock: ForkedLock) -> None:
        self._file, self._name, self._start, self._lock = file, name, start, lock
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._read(len(buffer))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        since = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = max(0, offset + (self._size() if since is None else since))
        return self._at

    def _read(self, size: int) -> bytes:
        try:
            with self._lock():
                stood = self._file.tell()
                self._file.seek(self._start + self._at)
                content: bytes = self._file.read(size) or b""
                self._file.seek(stood)
        except (OSError, ValueError) as error:
            raise InputError(f"{self._name}: cannot be read: {error}") from error
        return content

    def _size(self) -> int:
        with self._lock():
            stood = self._file.tell()
            self._file.seek(0, os.SEEK_END)
            end: int = self._file.tell()
            self._file.seek(stood)
        return end - self._start

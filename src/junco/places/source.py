"""Where a picture, a sound, a document lies: a path, an address, bytes, a file object; all become a binary file and a
name for messages.
"""

from __future__ import annotations

import io
import os
import stat
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from junco.errors import InputError
from junco.places.cell import content_of, has_bytes
from junco.wording import picture

MAX_BYTES = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source may be, and how much of it is fetched or read into memory.

    Attributes:
        allow_urls: addresses are fetched.
        allow_private: also those within this machine's network, and of stores that junco does not know.
        max_bytes: of what is fetched, or copied from a file object.
    """

    allow_urls: bool = False
    allow_private: bool = False
    max_bytes: int = MAX_BYTES


@contextmanager
def opened(
    source: Any, *, what: str = "picture", limits: Limits = Limits(), in_place: bool = False
) -> Iterator[tuple[IO[bytes], str]]:
    """A seekable binary file with the source's content, at its start, and the source's name for messages.

    Args:
        source: a path (``str``, ``Path``, ``file://``), an address (``https://``, ``s3://`` …), bytes, a binary file
            object, or ``{"bytes": …, "path": …}``.
        what: what should be in it, for messages: ``picture``, ``video``, ``sound``, ``document``.
        limits: what of that may be.
        in_place: read a seekable file object where it lies, of any size; otherwise it is copied into memory.

    Raises:
        InputError: nothing is there, it is empty, too large, may not be fetched, or is of no known kind.
        UnavailableError: an address, while the environment says to stay offline.
        MissingExtraError: an address of a store without the package that opens it.
    """
    if isinstance(source, Mapping) and has_bytes(source):
        source = content_of(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield _in_memory(source, picture(source), what), picture(source)
    elif isinstance(source, (str, os.PathLike)):
        name = os.fsdecode(source)
        if not name:
            raise InputError(f"'': an empty path, no {what}")
        with _opened_place(name, what, limits) as file:
            yield file, repr(name)
    elif callable(getattr(source, "read", None)):
        name = repr(getattr(source, "name", type(source).__name__))
        if not in_place:
            yield _in_memory(_content(source, name, limits.max_bytes), name, what), name
            return
        from junco.places.in_place import opened_object

        with opened_object(source, name, limits.max_bytes) as file:
            _check_filled(file, name, what)
            yield file, name
    else:
        raise InputError(
            f"expected a {what} (a path, bytes, a file object or {{'bytes': …, 'path': …}}), not {picture(source)}"
        )


def _in_memory(content: bytes | bytearray | memoryview, name: str, what: str) -> IO[bytes]:
    if not len(content):
        raise InputError(f"{name}: empty, no {what} in it")
    return io.BytesIO(bytes(content))  # a view may skip bytes, which BytesIO does not take


def _content(file: Any, name: str, max_bytes: int) -> bytes:
    """All that is left in the file; a seekable file is put back to where it was."""
    try:
        start = file.tell() if hasattr(file, "seekable") and file.seekable() else None
        content = file.read(max_bytes + 1)
        while content and len(content) <= max_bytes and (more := file.read(max_bytes + 1 - len(content))):
            content += more  # a pipe gives what it has
        if start is not None:
            file.seek(start)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {error}") from error
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise InputError(f"{name}: open the file in binary mode ('rb'); its read() gave {type(content).__name__}")
    if len(content) > max_bytes:
        raise InputError(f"{name}: more than max_bytes={max_bytes:,}; a path is read without taking all into memory")
    return bytes(content)


@contextmanager
def _opened_place(name: str, what: str, limits: Limits) -> Iterator[IO[bytes]]:
    scheme, separator, _ = name.partition("://")
    if not separator:
        with _opened_path(Path(name), name, what) as file:
            yield file
    elif scheme.lower() == "file":
        with _opened_path(_local_path(name), name, what) as file:
            yield file
    else:
        if not limits.allow_urls:
            raise InputError(
                f"{name!r}: fetching a {what} is off; turn it on with allow_urls=True (junco: --allow-urls)"
            )
        from junco.places.fetching import fetched_into  # few fetch, and all that speaks to servers is slow to import

        with fetched_into(name, limits) as file:
            _check_filled(file, repr(name), what)
            yield file


def _check_filled(file: IO[bytes], name: str, what: str) -> None:
    """Refuse an empty file; others are left at their start."""
    if not file.read(1):
        raise InputError(f"{name}: empty, no {what} in it")
    file.seek(0)


def _local_path(url: str) -> Path:
    """The path that a ``file://`` address names.

    Raises:
        InputError: it names another machine.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.netloc.lower() not in ("", "localhost"):
        raise InputError(f"{url!r}: a file on another machine, {parts.netloc!r}; write file:///path")
    return Path(urllib.request.url2pathname(parts.path))


@contextmanager
def _opened_path(path: Path, name: str, what: str) -> Iterator[IO[bytes]]:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{name!r}: a directory, not a {what}")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{name!r}: not a regular file")
        if status.st_size == 0:
            raise InputError(f"{name!r}: an empty file, no {what} in it")
        file = path.open("rb")
    except FileNotFoundError as error:
        raise InputError(f"{name!r}: {_missing(path)}") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise InputError(f"{name!r}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    with file:
        yield file


def _missing(path: Path) -> str:
    """What is where no file is."""
    if path.is_symlink():
        return f"a link to {os.fspath(path.readlink())!r}, which is not there"
    return "no such file"

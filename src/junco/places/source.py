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
from pathlib import Path
from typing import IO, Any

from junco.errors import InputError
from junco.places.cell import content_of, has_bytes
from junco.wording import picture

URL_MAX_BYTES = 100 * 2**20


@contextmanager
def opened(source: Any, *, what: str = "picture", allow_urls: bool = False) -> Iterator[tuple[IO[bytes], str]]:
    """A seekable binary file with the source's content, at its start, and the source's name for messages.

    Args:
        source: a path (``str``, ``Path``, ``file://``), an address, bytes, a binary file object, or
            ``{"bytes": …, "path": …}``.
        what: what should be in it, for messages: ``picture``, ``video``, ``sound``, ``document``.
        allow_urls: fetch ``http(s)://`` addresses.

    Raises:
        InputError: nothing is there, it is empty, or the source is of no known kind.
        UnavailableError: an address, while the environment says to stay offline.
    """
    if isinstance(source, Mapping) and has_bytes(source):
        source = content_of(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield _in_memory(source, picture(source), what), picture(source)
    elif isinstance(source, (str, os.PathLike)):
        name = os.fsdecode(source)
        if not name:
            raise InputError(f"'': an empty path, no {what}")
        with _opened_place(name, what, allow_urls) as file:
            yield file, repr(name)
    elif callable(getattr(source, "read", None)):
        name = repr(getattr(source, "name", type(source).__name__))
        yield _in_memory(_content(source, name), name, what), name
    else:
        raise InputError(
            f"expected a {what} (a path, bytes, a file object or {{'bytes': …, 'path': …}}), not {picture(source)}"
        )


def _in_memory(content: bytes | bytearray | memoryview, name: str, what: str) -> IO[bytes]:
    if not len(content):
        raise InputError(f"{name}: empty, no {what} in it")
    return io.BytesIO(bytes(content))  # a view may skip bytes, which BytesIO does not take


def _content(file: Any, name: str) -> bytes:
    """All that is left in the file; a seekable file is put back to where it was."""
    try:
        start = file.tell() if hasattr(file, "seekable") and file.seekable() else None
        content = file.read()
        if start is not None:
            file.seek(start)
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {error}") from error
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise InputError(f"{name}: open the file in binary mode ('rb'); its read() gave {type(content).__name__}")
    return bytes(content)


@contextmanager
def _opened_place(name: str, what: str, allow_urls: bool) -> Iterator[IO[bytes]]:
    scheme, separator, _ = name.partition("://")
    if not separator:
        with _opened_path(Path(name), name, what) as file:
            yield file
    elif scheme.lower() == "file":
        path = urllib.request.url2pathname(urllib.parse.urlsplit(name).path)
        with _opened_path(Path(path), name, what) as file:
            yield file
    elif scheme.lower() in {"http", "https"}:
        yield _in_memory(_fetched(name, what, allow_urls), repr(name), what)
    else:
        raise InputError(f"{name!r}: addresses that start with {scheme}:// cannot be read")


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


def _fetched(url: str, what: str, allow_urls: bool) -> bytes:
    if not allow_urls:
        raise InputError(f"{url!r}: fetching a {what} is off; turn it on with allow_urls=True (-p allow_urls=true)")
    from junco.places.web import fetched  # few fetch, and all that speaks to servers takes a while to import

    return fetched(url, URL_MAX_BYTES)

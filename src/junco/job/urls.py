"""Inputs at any address that fsspec can open: ``s3://``, ``gs://``, ``zip://`` …; the web has a room of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from functools import partial
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from junco.errors import InputError, JobError, JuncoError, MissingExtraError
from junco.job.folders import is_pattern
from junco.job.item import LargerThanSaidError
from junco.job.kinds import kind_of
from junco.job.lists import rows_in
from junco.job.wanted import Wanted
from junco.wording import brief

MOST_BYTES = 2**30
"""Of one file; what a store says that it holds is believed up to there."""
UNKNOWN_BYTES = 4_000_000
"""What a file is taken to hold whose server does not say."""
_CHANGES = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "CRC")

_Parts = tuple[str, ...]
"""Of a pattern, between slashes."""


class RemoteFile(NamedTuple):
    """A file at an address.

    Attributes:
        url: its own address.
        mark: what changes when it does; ``None`` where nobody says.
        read: fetches it: all of it, or so many bytes at most, and raises `LargerThanSaidError` for what is larger.
        num_bytes: how much it holds, or is taken to.
    """

    url: str
    mark: str | None
    read: Callable[[int | None], bytes]
    num_bytes: int


def is_list(url: str) -> bool:
    """Whether a list of inputs lies at an address, and not an input.

    Raises:
        JobError: it cannot be read.
    """
    with reading(url):
        system, path = _opened(url)
        return kind_of(PurePosixPath(path).name) is not None and bool(system.isfile(path))


def url_rows(url: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs that a list at an address gives.

    Raises:
        JobError: it cannot be read.
    """
    with reading(url):
        system, path = _opened(url)
        with system.open(path, "rb") as file:
            yield from rows_in(file, PurePosixPath(path).name, wanted)


def url_files(url: str) -> Iterator[RemoteFile]:
    """The files at an address, beneath it or matching it, by name in each folder; hidden ones are passed over.

    One folder's listing is held at a time, however much there is.

    Raises:
        JobError: nothing is there, or it cannot be read.
    """
    num_files = 0
    with reading(url):
        system, path = _opened(url)
        for name, info in _found(system, path):
            num_files += 1
            size = info.get("size")
            read = partial(_content, system, name, size)
            yield RemoteFile(system.unstrip_protocol(name), _mark(info) or None, read, size or UNKNOWN_BYTES)
    if not num_files:
        raise JobError(f"nothing is at {url}")


@contextmanager
def reading(url: str) -> Iterator[None]:
    """Whatever a store raises as one line with the address."""
    try:
        yield
    except (JuncoError, GeneratorExit, MemoryError):
        raise
    except Exception as error:  # each store has errors of its own, and few of them are OSErrors
        raise JobError(f"the source {url} cannot be read: {brief(error)}") from error


def _opened(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("fsspec", "urls", f"the source {url}") from None
    system, path = fsspec.core.url_to_fs(url)
    return system, path


def _found(system: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Files at a path, beneath it or matching it, with what is known of them."""
    parts = PurePosixPath(path).parts
    fixed = len(list(takewhile(lambda part: not is_pattern(part), parts)))
    if system.isfile(path):
        yield path, system.info(path)
        return
    base = str(PurePosixPath(*parts[:fixed])) if fixed else ""
    with suppress(FileNotFoundError):
        yield from _matching(system, base, frozenset({parts[fixed:] or ("**",)}))


def _matching(system: Any, folder: str, patterns: frozenset[_Parts]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The files in a folder and beneath it that match one of some patterns; each folder is listed once."""
    for name, info in _listed(system, folder):
        last = PurePosixPath(name).name
        rests = frozenset(rest for parts in patterns for rest in _rests(last, parts))
        if info.get("type") == "file" and not rests.isdisjoint({(), ("**",)}):
            yield name, info
        elif info.get("type") == "directory" and (inner := rests - {()}):
            yield from _matching(system, name, inner)


def _rests(name: str, parts: _Parts) -> Iterator[_Parts]:
    """What of a pattern is left for what lies beneath a name; a hidden one is only meant where that is said."""
    if parts[0] == "**":
        if not name.startswith("."):
            yield parts
        if len(parts) > 1:
            yield from _rests(name, parts[1:])
    elif fnmatch(name, parts[0]) and (parts[0].startswith(".") or not name.startswith(".")):
        yield parts[1:]


def _listed(system: Any, folder: str) -> list[tuple[str, dict[str, Any]]]:
    """What lies in a folder, by name; nothing of it is kept in the store's memory."""
    found = {info["name"].rstrip("/"): info for info in system.ls(folder, detail=True)}
    system.invalidate_cache()
    found.pop(folder.rstrip("/"), None)  # stores without folders have files that stand for them
    return sorted(found.items(), key=lambda each: each[0])


def _mark(info: dict[str, Any]) -> str:
    """What changes when a remote file does."""
    changes = [info[key] for key in _CHANGES if info.get(key) is not None] or [info.get("created")]
    return " ".join(str(value) for value in (info.get("size"), *changes) if value is not None)


def _content(system: Any, name: str, size: int | None, most_bytes: int | None) -> bytes:
    """A whole file, and no more than it may hold.

    Raises:
        InputError: it holds more, or less than its store says.
    """
    if size is not None and size <= MOST_BYTES:
        content = bytes(system.cat_file(name))
    elif size is None:
        with system.open(name, "rb") as file:
            content = bytes(file.read((MOST_BYTES if most_bytes is None else most_bytes) + 1))
        if most_bytes is not None and len(content) > most_bytes:
            raise LargerThanSaidError
    if (size if size is not None else len(content)) > MOST_BYTES:
        raise InputError(f"{name!r}: more than {MOST_BYTES:,} bytes")
    if size is not None and len(content) != size:
        raise InputError(f"{name!r}: {len(content):,} bytes came, and it should have {size:,}")
    return content

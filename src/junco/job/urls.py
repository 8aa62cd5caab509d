"""Inputs at any address that fsspec can open: ``s3://``, ``gs://``, ``https://``, ``zip://`` …."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from junco.errors import JobError, MissingExtraError
from junco.job.lists import LISTS, rows_in

_CHANGES = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "CRC")


_MOST_QUESTIONS = 16
_UNKNOWN_BYTES = 4_000_000
"""What a file is taken to hold whose server does not say."""


class RemoteFile(NamedTuple):
    """A file at an address: its own address, what changes when it does, what fetches it, and how much that is."""

    url: str
    mark: str
    read: Callable[[], bytes]
    num_bytes: int


def is_url(text: str) -> bool:
    """Whether a source is an address and not a path."""
    scheme, sign, _ = text.partition("://")
    return bool(sign) and scheme.replace("+", "").replace("::", "").isalnum()


def is_list(url: str) -> bool:
    """Whether a list of inputs lies at an address, and not an input.

    Raises:
        JobError: it cannot be read.
    """
    with _reading(url):
        system, path = _opened(url)
        return PurePosixPath(path).suffix.lower() in LISTS and bool(system.isfile(path))


def url_rows(url: str, column: str | None, inputs: Sequence[str]) -> Iterator[Any]:
    """The inputs that a list at an address gives.

    Raises:
        JobError: it cannot be read.
    """
    with _reading(url):
        system, path = _opened(url)
        with system.open(path, "rb") as file:
            yield from rows_in(file, PurePosixPath(path).name, column, inputs)


def url_files(url: str, skip: Callable[[str], bool]) -> list[RemoteFile]:
    """The files at an address, beneath it or matching it, by name; hidden ones are passed over.

    Args:
        url: the address.
        skip: says of a path on this machine whether it is no input.

    Raises:
        JobError: nothing is there, or it cannot be read.
    """
    with _reading(url):
        system, path = _opened(url)
        found = sorted(_found(system, path).items())
    if "file" in system.protocol:
        found = [(name, info) for name, info in found if not skip(name)]
    if not found:
        raise JobError(f"nothing is at {url}")
    return [
        RemoteFile(
            system.unstrip_protocol(name), _mark(info), _reader(system, name), info.get("size") or _UNKNOWN_BYTES
        )
        for name, info in found
    ]


@contextmanager
def _reading(url: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, ImportError) as error:
        raise JobError(f"the source {url} cannot be read: {error}") from error


def _opened(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("fsspec", "urls", f"the source {url}") from None
    system, path = fsspec.core.url_to_fs(url)
    return system, path


def _found(system: Any, path: str) -> dict[str, Any]:
    """Files at a path, beneath it or matching it, with what is known of them."""
    parts = PurePosixPath(path).parts
    fixed = list(takewhile(lambda part: not any(sign in part for sign in "*?["), parts))
    found = system.glob(path, detail=True) if len(fixed) < len(parts) else system.find(path, detail=True)
    shown = {name: info for name, info in found.items() if not _is_hidden(name, len(fixed))}
    known = _known(system, [name for name, info in shown.items() if not info]) | {n: i for n, i in shown.items() if i}
    return {name: info for name, info in known.items() if info.get("type") == "file"}


def _known(system: Any, names: Sequence[str]) -> dict[str, Any]:
    """What a server says of files that it only listed the names of; it is asked for several at once."""
    threads = ThreadPoolExecutor(_MOST_QUESTIONS, "junco-list")
    try:
        return dict(zip(names, threads.map(system.info, names), strict=True))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _is_hidden(name: str, num_fixed: int) -> bool:
    """Whether a name, or a folder that was not asked for by its name, begins with a dot."""
    return any(part.startswith(".") for part in PurePosixPath(name).parts[num_fixed:])


def _mark(info: dict[str, Any]) -> str:
    """What changes when a remote file does."""
    changes = [info[key] for key in _CHANGES if info.get(key) is not None] or [info.get("created")]
    return " ".join(str(value) for value in (info.get("size"), *changes) if value is not None)


def _reader(system: Any, name: str) -> Callable[[], bytes]:
    return lambda: bytes(system.cat_file(name))

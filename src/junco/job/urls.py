"""Inputs at any address that fsspec can open: ``s3://``, ``gs://``, ``https://``, ``zip://`` …."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from junco.errors import JobError, MissingExtraError
from junco.job.lists import LISTS, rows_in


def is_url(text: str) -> bool:
    """Whether a source is an address and not a path."""
    scheme, sign, _ = text.partition("://")
    return bool(sign) and scheme.replace("+", "").replace("::", "").isalnum()


def url_items(
    url: str, column: str | None, inputs: Sequence[str]
) -> Iterator[tuple[str, str, Callable[[], bytes] | None]]:
    """Key, mark and reader of the inputs at an address; a list's inputs have no reader.

    Raises:
        JobError: nothing is there, or it cannot be read.
    """
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("fsspec", "urls", f"the source {url}") from None
    try:
        system, path = fsspec.core.url_to_fs(url)
        if PurePosixPath(path).suffix.lower() in LISTS and system.isfile(path):
            with system.open(path, "rb") as file:
                for row in rows_in(file, PurePosixPath(path).name, column, inputs):
                    yield str(row), "", None
            return
        found = sorted(_found(system, path).items())
    except (OSError, ValueError, ImportError) as error:
        raise JobError(f"the source {url} cannot be read: {error}") from error
    if not found:
        raise JobError(f"nothing is at {url}")
    for name, info in found:
        yield system.unstrip_protocol(name), _mark(info), _reader(system, name)


def _found(system: Any, path: str) -> dict[str, Any]:
    """Files at a path, beneath it or matching it, with what is known of them."""
    if any(sign in path for sign in "*?["):
        found = system.glob(path, detail=True)
    else:
        found = system.find(path, detail=True)
    return {
        name: info
        for name, info in found.items()
        if info.get("type") == "file" and not PurePosixPath(name).name.startswith(".")
    }


def _mark(info: dict[str, Any]) -> str:
    """What changes when a remote file does."""
    known = (
        info.get(key)
        for key in ("size", "ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated")
    )
    return " ".join(str(value) for value in known if value is not None)


def _reader(system: Any, name: str) -> Callable[[], bytes]:
    return lambda: bytes(system.cat_file(name))

"""What items hold: a digest for each by which copies are known, wherever they lie and whatever they are called."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from junco.cores import num_cores
from junco.job.kinds import is_url, path_of_address
from junco.labelled.lazy import asked
from junco.places.cell import content_of, has_bytes
from junco.types.content import digest_of_value

Watch = Callable[[str, int, int], object]
"""Is told what is done, how much of it, and how much there is."""
_LONGEST_PATH = 4096
_MOST_THREADS = 8


def unwatched(what: str, done: int, total: int) -> None:
    """A `Watch` that shows nothing."""


@dataclass(frozen=True, eq=False)
class Contents:
    """What some items hold.

    Attributes:
        digests: of each, 32 bytes, equal for equal content.
        unknown: the places of those whose content nobody can tell; each counts as another one.
        unreadable: the places of files that are empty or cannot be read.
        num_addresses: items that lie elsewhere, told apart by their addresses.
    """

    digests: list[bytes]
    unknown: frozenset[int] = frozenset()
    unreadable: frozenset[int] = frozenset()
    num_addresses: int = 0

    def chosen(self, rows: Sequence[int]) -> Contents:
        """Some of them, in the order that is given."""
        unknown, unreadable = (
            frozenset(new for new, row in enumerate(rows) if row in each) if each else each
            for each in (self.unknown, self.unreadable)
        )
        return Contents([self.digests[row] for row in rows], unknown, unreadable, self.num_addresses)

    def told(self) -> list[str]:
        """What they are not known by, a line each."""
        lines = []
        if self.unreadable:
            lines.append(f"{len(self.unreadable):,} items are empty, or cannot be read")
        if self.unknown:
            lines.append(f"{len(self.unknown):,} items cannot be compared: copies of them are not found")
        if self.num_addresses:
            lines.append(
                f"{self.num_addresses:,} items are addresses, and known by them: copies elsewhere are not found"
            )
        return lines


def contents_of(items: Sequence[Any], *, are_texts: bool = False, watch: Watch = unwatched) -> Contents:
    """What items hold: of files their bytes, read piece by piece in threads; of all else its value.

    Args:
        items: what a pipeline takes.
        are_texts: texts are items themselves, and name no files.
        watch: is told how many are read.
    """
    found: list[bytes | str] = [_known(item, place, are_texts) for place, item in _watched(items, watch)]
    paths = list(dict.fromkeys(each for each in found if isinstance(each, str)))
    with ThreadPoolExecutor(min(_MOST_THREADS, num_cores()), "junco-digests") as threads:
        of_path = {}
        for number, (path, digest) in enumerate(zip(paths, threads.map(_of_file, paths), strict=True), 1):
            of_path[path] = digest
            watch("reading files", number, len(paths))
    digests = [of_path[each] if isinstance(each, str) else each for each in found]
    lost = {path for path, digest in of_path.items() if digest == _unreadable(path)}
    unreadable = frozenset(place for place, each in enumerate(found) if isinstance(each, str) and each in lost)
    unknown = frozenset(place for place, each in enumerate(digests) if _is_unknown(each))
    num_addresses = 0 if are_texts else sum(isinstance(item, str) and is_url(item) for item in items)
    return Contents([_whole(each) for each in digests], unknown, unreadable, num_addresses)


_UNKNOWN = b"?"
"""Begins what stands for an item whose content nobody can tell, which is not 32 bytes long."""


def _watched(items: Sequence[Any], watch: Watch) -> Iterator[tuple[int, Any]]:
    for place, item in enumerate(items):
        yield place, item
        watch("reading", place + 1, len(items))


def _whole(digest: bytes) -> bytes:
    return _sha256(b"unknown", digest) if _is_unknown(digest) else digest


def _is_unknown(digest: bytes) -> bool:
    return len(digest) != hashlib.sha256().digest_size


def _known(item: Any, place: int, are_texts: bool) -> bytes | str:
    """The digest of a value; of a file its path, to be read."""
    item = asked(item)
    if isinstance(item, Mapping) and has_bytes(item):
        item = content_of(item) if item["bytes"] is not None or item["path"] else None
    if isinstance(item, os.PathLike):
        return os.fsdecode(item)
    if isinstance(item, str):
        return _sha256(b"text", _encoded(item)) if are_texts or (path := path_of(item)) is None else path
    if isinstance(item, (bytes, bytearray, memoryview)):
        return _sha256(b"file", item) if len(item) else _unknown(place)
    told = digest_of_value(item, partial(_mark, place=place, are_texts=are_texts))
    return _unknown(place) if told is None else _sha256(b"value", told)


def _unknown(place: int) -> bytes:
    return _UNKNOWN + str(place).encode()


def path_of(text: str) -> str | None:
    """The file that a text names; ``None``: it is an item itself, or an address."""
    if len(text) >= _LONGEST_PATH or "\n" in text or "\0" in text:
        return None
    path = path_of_address(text) if "://" in text else text
    return path if os.path.isfile(path) else None  # noqa: PTH113  # a Path for each of a million would cost more


def _mark(text: str, place: int, are_texts: bool) -> str | None:
    """What else counts of a text within a value: the content of the file that it names."""
    path = None if are_texts else path_of(text)
    return None if path is None else _of_file(path).hex()


def _of_file(path: str) -> bytes:
    """The sha256 of a file's bytes; of one that is empty or cannot be read something of its own."""
    try:
        with Path(path).open("rb", buffering=0) as file:
            if not os.fstat(file.fileno()).st_size:
                return _unreadable(path)
            return hashlib.file_digest(file, partial(hashlib.sha256, b"file\0")).digest()
    except (OSError, ValueError):
        return _unreadable(path)


def _unreadable(path: str) -> bytes:
    return _sha256(b"unreadable", _encoded(path))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _sha256(kind: bytes, content: Any) -> bytes:
    told = hashlib.sha256(kind + b"\0")
    told.update(content)
    return told.digest()

"""Where inputs come from: folders, patterns, lists in files, iterables, and any fsspec URL.

An input has a key (its path, its text, its place), which goes into the column ``input``, and a mark that changes with
its content: size and time of a file, a hash of anything else.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from junco.errors import JobError
from junco.job.lists import LISTS, BadRow, count_lines, rows_of
from junco.job.urls import is_list, is_url, url_files, url_rows
from junco.settings import user_path
from junco.types.content import digest_of_value

_LONGEST_PATH = 4096


class Item(NamedTuple):
    """An input: ``value`` goes into the pipeline, or what ``read`` gives, where it has to be read first.

    ``mark`` changes with its content; ``None`` where nobody can tell that: it counts as changed each time.

    ``num_bytes`` says how much that fetches from afar: 0 is nothing, and what is not known counts as a few megabytes.
    """

    key: str
    mark: str | bytes | None
    value: Any = None
    read: Callable[[], Any] | None = None
    num_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the pipeline and the caller want of a source.

    Attributes:
        columns: the pipeline's input columns.
        column: the column of a table to take.
        skip: paths that are no inputs: what the job itself writes.
    """

    columns: tuple[str, ...]
    column: str | None = None
    skip: frozenset[str] = frozenset()

    @property
    def is_text(self) -> bool:
        """Whether the pipeline takes texts: then of a text file its content is meant, not its name."""
        return self.columns == ("text",)

    def skips(self, path: str) -> bool:
        """Whether a file or folder is, or lies in, what the job itself writes."""
        full = os.path.abspath(path)  # noqa: PTH100  # no resolving of links
        return any(full == own or full.startswith(own + os.sep) for own in self.skip)


def items_of(source: Any, wanted: Wanted) -> Iterator[Item]:
    """The inputs of a source, in their order.

    Raises:
        JobError: the source is not there or cannot be read.
    """
    if not isinstance(source, (str, os.PathLike)):
        return _of_iterable(source)
    text = os.fspath(source)
    if not text:
        raise JobError("the source is an empty text: give a folder, a pattern, or a file")
    if is_url(text):
        return _of_url(text, wanted)
    path = user_path(text, "the source")
    if path.is_file() and path.suffix.lower() in LISTS:
        return _of_rows(path, wanted)
    return _of_files(_paths(text, wanted), wanted)


def count_of(source: Any, wanted: Wanted) -> int | None:
    """How many inputs a source has, where that is quickly told."""
    if not isinstance(source, (str, os.PathLike)):
        return len(source) if hasattr(source, "__len__") else None
    text = os.fspath(source)
    if is_url(text):
        return None if is_list(text) else len(url_files(text, wanted.skips))
    path = user_path(text, "the source")
    if path.is_file() and path.suffix.lower() in LISTS:
        return count_lines(path)
    return sum(1 for _ in _paths(text, wanted))


def _paths(text: str, wanted: Wanted) -> Iterator[str]:
    """The files that a folder, a pattern or a file's name stands for."""
    path = user_path(text, "the source")
    if path.is_dir():
        found: Iterable[str] = _walk(str(path), wanted)
    elif path.is_file():
        found = [str(path)]
    elif any(sign in text for sign in "*?["):
        found = [name for name in sorted(glob.glob(str(path), recursive=True)) if os.path.isfile(name)]  # noqa: PTH113, PTH207  # keeps the path as it was written
        if not found:
            raise JobError(f"no file matches {text!r}")
    else:
        raise JobError(f"the source {text!r} does not exist: give a folder, a pattern, or a file")
    return (name for name in found if not wanted.skips(name))


def _walk(folder: str, wanted: Wanted) -> Iterator[str]:
    """All files beneath a folder, by name in each folder; hidden ones and folders to skip are passed over."""
    try:
        with os.scandir(folder) as found:
            entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise JobError(f"the folder {folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not wanted.skips(entry.path):
                yield from _walk(entry.path, wanted)
        elif entry.is_file():
            yield entry.path


def _of_files(paths: Iterable[str], wanted: Wanted) -> Iterator[Item]:
    if len(wanted.columns) > 1:
        raise JobError(_several(wanted))
    for path in paths:
        yield Item(path, _mark_of_file(path) or "", path, _reader(path) if wanted.is_text else None)


def _reader(path: str) -> Callable[[], str]:
    return lambda: Path(path).read_text("utf-8-sig")


def _mark_of_file(path: str) -> str | None:
    """What changes when a file does; ``None`` where there is no such file."""
    try:
        state = os.stat(path)  # noqa: PTH116  # a Path for each of a million strings would cost more than the call
    except (OSError, ValueError):
        return None
    return f"{state.st_size} {state.st_mtime_ns}"


def _of_rows(path: Path, wanted: Wanted) -> Iterator[Item]:
    try:
        yield from (_of_value(number, row) for number, row in enumerate(rows_of(path, wanted.column, wanted.columns)))
    except OSError as error:
        raise JobError(f"{path} cannot be read: {error.strerror or error}") from error


def _of_iterable(source: Any) -> Iterator[Item]:
    try:
        values = iter(source)
    except TypeError:
        raise JobError(f"a source is a path, a pattern, a URL or an iterable, not {type(source).__name__}") from None
    return (_of_value(number, value) for number, value in enumerate(values))


def _of_value(number: int, value: Any) -> Item:
    if isinstance(value, BadRow):
        return Item(value.place, value.content, None, value.read)
    if isinstance(value, (str, os.PathLike)):
        text = os.fspath(value)
        is_short = isinstance(text, str) and len(text) < _LONGEST_PATH and "\n" not in text
        return Item(str(text), (_mark_of_file(text) if is_short else None) or "", value)
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], (str, os.PathLike)):
        return Item(str(value[0]), _mark_of_value(value), value)
    return Item(str(number), _mark_of_value(value), value)


def _mark_of_value(value: Any) -> bytes | None:
    """A hash of a value's content, and of size and time of the files that it names."""
    return digest_of_value(value, lambda text: _mark_of_file(text) if len(text) < _LONGEST_PATH else None)


def _of_url(url: str, wanted: Wanted) -> Iterator[Item]:
    if is_list(url):
        rows = url_rows(url, wanted.column, wanted.columns)
        yield from (_of_value(number, row) for number, row in enumerate(rows))
        return
    if len(wanted.columns) > 1:
        raise JobError(_several(wanted))
    for file in url_files(url, wanted.skips):
        read = _decoded(file.read) if wanted.is_text else file.read
        yield Item(file.url, file.mark, None, read, file.num_bytes)


def _decoded(read: Callable[[], bytes]) -> Callable[[], str]:
    return lambda: read().decode("utf-8-sig")


def _several(wanted: Wanted) -> str:
    return f"the pipeline takes {', '.join(wanted.columns)}, so its inputs come as a table with these columns"

"""Where inputs come from: folders, patterns, lists in files, tables, iterables, and any address."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from junco.errors import JobError
from junco.job.arrow_tables import is_array, values_of_array
from junco.job.columns import check_no_column, choose
from junco.job.folders import files_beneath, files_matching, is_pattern
from junco.job.frames import frame_of
from junco.job.item import BadRow, Item, item_of_value, mark_of_file
from junco.job.kinds import is_url, is_web, kind_of, path_of_address
from junco.job.wanted import Wanted
from junco.job.whole_texts import Encodings, text_in
from junco.places.cell import has_bytes
from junco.settings import user_path
from junco.wording import masked, picture

if TYPE_CHECKING:
    from junco.job.urls import RemoteFile

_NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Sources:
    """Several sources, one after the other, each of which is what it is alone; a list would be one source of inputs.

    Attributes:
        each: folders, patterns, files, lists, addresses.
    """

    each: tuple[str, ...]


__all__ = ["Item", "Sources", "Wanted", "count_of", "items_of"]


def items_of(source: Any, wanted: Wanted) -> Iterator[Item]:
    """The inputs of a source, in their order.

    Raises:
        JobError: the source is not there or cannot be read.
    """
    if isinstance(source, Sources):
        return _of_several(source, wanted)
    if not isinstance(source, (str, os.PathLike)):
        return _of_values(source, wanted)
    text = path_of_address(os.fsdecode(source))
    if not text:
        raise JobError("the source is an empty text: give a folder, a pattern, or a file")
    if is_url(text):
        return _of_url(text, wanted)
    path = user_path(text, "the source")
    if path.is_file() and kind_of(path.name) is not None:
        return _of_list(path, wanted)
    if path.is_file() and wanted.is_text and wanted.numbers is None:
        wanted.tell(_one_file(path.name))
    return _of_files(_paths(path, text, wanted), wanted)


def _of_several(sources: Sources, wanted: Wanted) -> Iterator[Item]:
    """The inputs of all; one that is not there is seen before any work is done."""
    numbered = replace(wanted, numbers=count())
    if any(kind_of(PurePosixPath(each).name) is not None and not is_pattern(each) for each in sources.each):
        wanted.tell(
            "of several sources, lists (.txt, .csv …) give their lines or rows, other files are inputs themselves"
        )
    return chain.from_iterable([items_of(each, numbered) for each in sources.each])


def _one_file(name: str) -> str:
    return f"{name}: one file, its content is one text"


def count_of(source: Any, wanted: Wanted) -> int | None:
    """How many inputs a source has, where that is quickly told."""
    if isinstance(source, Sources):
        counts = [count_of(each, wanted) for each in source.each]
        return None if None in counts else sum(each or 0 for each in counts)
    if not isinstance(source, (str, os.PathLike)):
        return _count_of_values(source)
    text = path_of_address(os.fsdecode(source))
    if is_url(text):
        return None
    path = user_path(text, "the source")
    if path.is_file() and kind_of(path.name) is not None:
        from junco.job.lists import count_lines

        return count_lines(path)
    return sum(1 for _ in _paths(path, text, wanted))


def _paths(path: Path, text: str, wanted: Wanted) -> Iterator[str]:
    """The files that a folder, a pattern or a file's name stands for."""
    found: Iterable[str]
    if path.is_dir():
        found = files_beneath(str(path), wanted)
    elif path.is_file():
        found = [str(path)]
    elif is_pattern(text):
        found = files_matching(str(path), wanted)
        if not found:
            raise JobError(f"no file matches {text!r}")
    else:
        raise JobError(f"the source {text!r} does not exist: give a folder, a pattern, or a file")
    return (name for name in found if not wanted.skips(name))


def _of_files(paths: Iterable[str], wanted: Wanted) -> Iterator[Item]:
    _check_one_column(wanted)
    encodings = Encodings(wanted.tell)
    for path in paths:
        read = _reader(path, encodings) if wanted.is_text else None
        yield Item(wanted.name(path), mark_of_file(path) or "", path, read)


def _reader(path: str, encodings: Encodings) -> Callable[[], str]:
    return lambda: text_in(Path(path).read_bytes(), Path(path).name, encodings)


def _of_list(path: Path, wanted: Wanted) -> Iterator[Item]:
    from junco.job.lists import rows_of

    try:
        yield from _numbered(rows_of(path, wanted), wanted)
    except OSError as error:
        raise JobError(f"{path} cannot be read: {error.strerror or error}") from error


def _numbered(values: Iterable[Any], wanted: Wanted) -> Iterator[Item]:
    is_text = wanted.is_text
    if (numbers := wanted.numbers) is not None:
        return (item_of_value(next(numbers), value, is_text=is_text) for value in values)
    return (item_of_value(number, value, is_text=is_text) for number, value in enumerate(values))


def _of_values(source: Any, wanted: Wanted) -> Iterator[Item]:
    """The values of an iterable, or the rows of a table in memory."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        raise JobError(f"a source gives many inputs, and {picture(source)} is one: put it in a list")
    if isinstance(source, io.IOBase):
        raise JobError(f"a source is not an open file: give its path, {getattr(source, 'name', 'the file')!r}")
    wanted.reading.check("the source lies in memory")
    frame = frame_of(source)
    if frame is not None:
        return _numbered(frame.rows(wanted), wanted)
    if is_array(source):
        return _numbered(_named(values_of_array(source), wanted), wanted)
    try:
        values = iter(source)
    except TypeError:
        raise JobError(f"a source is a path, a pattern, a URL or an iterable, not {type(source).__name__}") from None
    return _numbered(_named(values, wanted), wanted)


def _named(values: Iterator[Any], wanted: Wanted) -> Iterator[Any]:
    """Of rows that name the pipeline's inputs what stands there; all other values as they are."""
    first = next(values, _NOTHING)
    values = iter(()) if first is _NOTHING else chain([first], values)
    choice = None
    is_row = isinstance(first, Mapping) and (wanted.names_columns or not has_bytes(first))
    if not is_row and first is not _NOTHING:
        check_no_column(wanted, f"the source gives values ({picture(first, 40)} …) and no rows with names")
    if is_row and (wanted.names_columns or first.keys() >= {*wanted.columns}):
        choice = choose(list(first), wanted, "the first row")
        wanted.tell(f"rows: {choice.told}")
    for number, value in enumerate(values, 1):
        if choice is not None and isinstance(value, Mapping):
            yield choice.pick([value.get(name) for name in choice.names], f"row {number}", wanted)
        elif type(value) is str and not value:
            yield BadRow(f"row {number}", b"", "nothing in it")
        elif wanted.keeping is not None:
            yield BadRow(f"row {number}", b"", f"{picture(value, 40)} among rows with names, and has no columns")
        else:
            yield value


def _count_of_values(source: Any) -> int | None:
    frame = frame_of(source)
    if frame is not None:
        return frame.num_rows
    with suppress(TypeError):  # as of an array that holds one number
        return len(source)
    return None


def _of_url(url: str, wanted: Wanted) -> Iterator[Item]:
    if is_web(url):
        from junco.job.web_sources import is_web_list as is_list
        from junco.job.web_sources import web_files as files_at
        from junco.job.web_sources import web_rows as rows_at
    else:
        from junco.job.urls import is_list
        from junco.job.urls import url_files as files_at
        from junco.job.urls import url_rows as rows_at
    if is_list(url):
        yield from _numbered(rows_at(url, wanted), wanted)
        return
    _check_one_column(wanted)
    encodings = Encodings(wanted.tell) if wanted.is_text else None
    for file in files_at(url):
        may_be_alone = wanted.is_text and wanted.numbers is None
        if may_be_alone and PurePosixPath(file.url).name == PurePosixPath(masked(url)).name:  # and no folder
            wanted.tell(_one_file(PurePosixPath(file.url).name))
        yield _item_of_remote(file, encodings)


def _item_of_remote(file: RemoteFile, encodings: Encodings | None) -> Item:
    read = partial(_content, file, encodings)
    return Item(file.url, file.mark, None, read, file.num_bytes, partial(read, file.num_bytes))


def _content(file: RemoteFile, encodings: Encodings | None, most_bytes: int | None = None) -> str | bytes:
    """A file's bytes, or where texts are wanted its text."""
    content = file.read(most_bytes)
    return text_in(content, PurePosixPath(file.url).name, encodings) if encodings is not None else content


def _check_one_column(wanted: Wanted) -> None:
    wanted.reading.check("each file is an input")
    check_no_column(wanted, "each file is an input")
    if len(wanted.columns) > 1:
        raise JobError(
            f"the pipeline takes {', '.join(wanted.columns)}, so its inputs come as a table with these columns"
        )

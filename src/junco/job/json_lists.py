"""``.json`` and ``.jsonl``: texts or objects, a line each or in one list; or an object of columns."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from junco.errors import JobError
from junco.job.choice import not_unicode
from junco.job.columns import check_no_column, choose, is_known, listed, may_be_texts
from junco.job.item import BadRow
from junco.job.texts import lines_of, not_utf8, opened_text
from junco.job.wanted import Wanted
from junco.places.cell import has_bytes

MOST_BYTES = 256 * 2**20
"""A list in one piece is held whole, and its values are several times its size."""
_SAMPLE = 64
_OF_PANDAS = ("index", "index_names", "column_names")
_LINES = "write a line for each (.jsonl)"


def rows_of_json_lines(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs in lines of JSON.

    Raises:
        JobError: the wanted column is not there.
    """
    text, done = opened_text(file, name, wanted)
    yield from _inputs(_parsed(_lines(text, name), name), name, wanted, done)


def rows_of_json(file: Any, name: str, wanted: Wanted) -> Iterator[Any]:
    """The inputs in one piece of JSON; in lines of it, if that is what the file holds in truth.

    Raises:
        JobError: it is no JSON or no list of inputs, is very large, or has not the wanted column.
    """
    text, done = opened_text(file, name, wanted)
    lines = _lines(text, name)
    first, second = next(lines, None), next(lines, None)
    if first is None:
        return
    start = [first] if second is None else [first, second]
    if second is not None and isinstance(_value_of(first[1]), dict):
        done.append("a line of JSON for each")
        yield from _inputs(_parsed(chain(start, lines), name), name, wanted, done)
        return
    rows, told = _listed(_whole(chain(start, lines), name), name, wanted)
    placed = ((f"{name}, row {number}", row) for number, row in enumerate(rows, 1))
    yield from _inputs(placed, name, wanted, [*done, *told])


def _inputs(rows: Iterator[tuple[str, Any]], name: str, wanted: Wanted, told: Sequence[str]) -> Iterator[Any]:
    """The wanted column or columns of rows, each with its place; rows that are no objects are the inputs themselves."""
    start = list(islice(rows, _SAMPLE))
    sample = [row for _, row in start]
    are_values = _begins_with_a_value(sample)
    names = list(dict.fromkeys(key for row in sample if isinstance(row, dict) for key in row))
    names = names if not are_values or any(is_known(key, wanted) for key in names) else []
    with_bytes = [at for at, key in enumerate(names) if any(_has_bytes(row, key) for row in sample)]
    if not names and any(not isinstance(row, (BadRow, dict)) and row is not None for row in sample):
        check_no_column(wanted, f"{name} holds values and no objects")
    choice = None
    if names:
        choice = choose(
            names,
            wanted,
            name,
            with_bytes,
            lambda at: may_be_texts(_cell(row, names[at]) for row in sample),
            lambda at: (_cell(row, names[at]) for row in sample),
        )
    kind = choice.told if choice is not None else "its values"
    wanted.tell(f"{name}: {', '.join([*told, kind])}")
    for place, row in chain(start, rows):
        if isinstance(row, BadRow):
            yield row
        elif row is None or row == {}:
            yield BadRow(place, b"", "nothing in it")
        elif isinstance(row, dict) and are_values and not any(is_known(key, wanted) for key in row):
            yield BadRow(place, b"", f"an object among values, and it names no {wanted.column or wanted.columns[0]!r}")
        elif isinstance(row, dict):
            choice = choice or choose(list(row), wanted, name)
            _tell_unkept(row, names, name, wanted)
            yield choice.pick([row.get(key) for key in choice.names], place, wanted)
        elif wanted.keeping is not None:
            yield BadRow(place, b"", "a value among objects, and has no columns")
        else:
            yield _plain(row, place, wanted)


def _tell_unkept(row: dict[str, Any], names: Sequence[str], name: str, wanted: Wanted) -> None:
    """Say that a row has columns that nobody knew of when all were to be kept."""
    keeping = wanted.keeping
    if keeping is not None and keeping.asked == "*" and not row.keys() <= {*names}:
        wanted.tell(f"{name}: columns that none of its first {_SAMPLE} rows has are not kept, unless keep= names them")


def _cell(row: Any, key: str) -> Any:
    return row.get(key) if isinstance(row, dict) else None


def _begins_with_a_value(sample: Sequence[Any]) -> bool:
    """Whether the first row that is one is an input itself: which name in an object is, nobody could say then."""
    rows = [row for row in sample if row is not None and not isinstance(row, BadRow)]
    return bool(rows) and not isinstance(rows[0], dict)


def _has_bytes(row: Any, key: str) -> bool:
    value = _cell(row, key)
    return isinstance(value, dict) and has_bytes(value)


def _plain(row: Any, place: str, wanted: Wanted) -> Any:
    """A value that is an input itself."""
    if row == "":
        return BadRow(place, b"", "nothing in it")
    if isinstance(row, str) and wanted.is_unicode and (reason := not_unicode(row)):
        return BadRow(place, row.encode("utf-8", "surrogatepass"), reason)
    if isinstance(row, list) and any(isinstance(each, dict) for each in row):
        return BadRow(place, b"", "a whole list in one line: a file that is one list is named .json")
    return row


def _lines(text: io.BufferedReader, name: str) -> Iterator[tuple[int, bytes | BadRow]]:
    return ((number, line) for number, line in lines_of(text, name) if isinstance(line, BadRow) or line.strip())


def _parsed(lines: Iterable[tuple[int, bytes | BadRow]], name: str) -> Iterator[tuple[str, Any]]:
    """What each line holds, with its place."""
    for number, line in lines:
        place = f"{name}, line {number}"
        yield place, line if isinstance(line, BadRow) else _value_in(line.rstrip(b"\r\n"), place)


def _value_in(line: bytes, place: str) -> Any:
    try:
        return _decoded(line.decode())
    except UnicodeDecodeError as error:
        return BadRow(place, line, not_utf8(error))
    except json.JSONDecodeError as error:  # its own message counts lines within this one
        return BadRow(place, line, f"no JSON: {error.msg} at column {error.colno}")
    except (ValueError, RecursionError) as error:
        return BadRow(place, line, f"no JSON: {error}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names nothing twice: nobody could say which is meant."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"{twice!r} is in it twice")
    return found


_decoded = json.JSONDecoder(object_pairs_hook=_object).decode


def _value_of(line: bytes | BadRow) -> Any:
    """What a line is by itself, if it is JSON."""
    try:
        return None if isinstance(line, BadRow) else json.loads(line)
    except (ValueError, RecursionError):
        return None


def _whole(lines: Iterable[tuple[int, bytes | BadRow]], name: str) -> Any:
    """The file's one value."""
    parts, numbers, num_bytes = [], [], 0
    for number, line in lines:
        num_bytes += MOST_BYTES if isinstance(line, BadRow) else len(line)
        if num_bytes >= MOST_BYTES or isinstance(line, BadRow):
            raise JobError(f"{name} is a list of more than {MOST_BYTES:,} bytes in one piece: {_LINES}")
        parts.append(line)
        numbers.append(number)
    try:
        return _decoded(b"".join(parts).rstrip().decode("utf-8", "surrogateescape"))
    except json.JSONDecodeError as error:  # whose lines are those that are not empty
        place = f"line {numbers[error.lineno - 1]}, column {error.colno}"
        raise JobError(f"{name} is no JSON: {error.msg} ({place})") from None
    except (ValueError, RecursionError) as error:
        raise JobError(f"{name} is no JSON: {error}") from None


def _listed(value: Any, name: str, wanted: Wanted) -> tuple[Iterable[Any], list[str]]:
    """The rows of a value, and how they were found in it."""
    if isinstance(value, list):
        return value, ["one list"]
    if not isinstance(value, dict):
        raise JobError(f"{name} holds one {type(value).__name__}, and no list of inputs: {_LINES}")
    lists = {key: each for key, each in value.items() if isinstance(each, list)}
    if _is_split(value):
        return _of_split(value["columns"], value["data"], name), ["its rows at 'data'"]
    rows = [key for key, each in lists.items() if each and all(isinstance(row, dict) for row in each)]
    if len(rows) == 1 and not (len(lists) > 1 and any(is_known(key, wanted) for key in lists)):
        return lists[rows[0]], [f"the list at {rows[0]!r}"]
    if len(lists) == len(value) and lists:
        return _of_columns(lists, name), ["an object of columns"]
    if any(is_known(key, wanted) and not isinstance(each, (dict, list)) for key, each in value.items()):
        return [value], ["one object"]
    raise JobError(
        f"{name} holds one object, of {len(value):,} names, and it is not clear what its inputs are: "
        f"make it a list of objects, or {_LINES}"
    )


def _is_split(value: Mapping[str, Any]) -> bool:
    """Whether it is a table as pandas writes it with ``orient="split"`` or ``"tight"``: names and rows apart."""
    if not {"columns", "data"} <= value.keys() <= {"columns", "data", *_OF_PANDAS}:
        return False
    columns, rows = value["columns"], value["data"]
    return isinstance(columns, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows)


def _of_split(columns: Sequence[Any], rows: Sequence[list[Any]], name: str) -> Iterator[Any]:
    names = list(map(str, columns))
    if len(set(names)) < len(names):
        raise JobError(f"{name} has two columns of one name ({listed(names)}): give each a name of its own")
    for number, row in enumerate(rows, 1):
        if len(row) == len(names):
            yield dict(zip(names, row, strict=True))
        else:
            yield BadRow(f"{name}, row {number}", b"", f"{len(row)} values, and there are {len(names)} columns")


def _of_columns(columns: Mapping[str, list[Any]], name: str) -> Iterator[Any]:
    lengths = {len(each) for each in columns.values()}
    if len(lengths) > 1:
        raise JobError(
            f"{name} is an object of lists of several lengths ({min(lengths):,} to {max(lengths):,}): no table"
        )
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))

"""`Item`: one input of a source. An input has a key (its path, its text, its place), which goes into the column
``input``, and a mark that changes with its content: size and time of a file, a hash of anything else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from junco.errors import InputError
from junco.job.kinds import is_url
from junco.places.cell import has_bytes
from junco.types.content import digest_of_value
from junco.wording import masked

_LONGEST_PATH = 4096
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of values that are told apart by how they are written."""
_NOTHING_KEPT: Mapping[str, Any] = MappingProxyType({})


class LargerThanSaidError(Exception):
    """An input is larger than its ``num_bytes`` and was not read ahead of its turn; read once more, it comes."""


class Item(NamedTuple):
    """An input: ``value`` goes into the pipeline, or what ``read`` gives, where it has to be read first.

    ``mark`` changes with its content; ``None`` where nobody can tell that: it counts as changed each time.

    ``num_bytes`` says how much that fetches from afar: 0 is nothing, and what is not known counts as a few megabytes.
    ``read_ahead`` gives the same if it is no larger than that, and else raises `LargerThanSaidError`.

    ``kept`` is what travels to the target beside the pipeline's outputs: values of its row, by their columns.
    """

    key: str
    mark: str | bytes | None
    value: Any = None
    read: Callable[[], Any] | None = None
    num_bytes: int = 0
    read_ahead: Callable[[], Any] | None = None
    kept: Mapping[str, Any] = _NOTHING_KEPT


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line or row that is no input. It is put aside like any input that cannot be read; the others go on.

    Attributes:
        place: what to call it, ``"texts.jsonl, line 7"``.
        content: what stands there, as far as it is known.
        reason: why it is none.
    """

    place: str
    content: bytes
    reason: str

    def read(self) -> None:
        """Say so.

        Raises:
            InputError: always.
        """
        raise InputError(self.reason)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """What a row of a table gives where it keeps something of it.

    Attributes:
        value: the input.
        key: what names it; ``None``: the input itself does.
        kept: what travels to the target with it.
    """

    value: Any
    key: str | None
    kept: Mapping[str, Any]


def item_of_value(number: int, value: Any, *, is_text: bool = False) -> Item:
    """An input that is a value, the ``number``-th of its source; one that ``is_text`` names no file."""
    if is_text and type(value) is str:
        return Item(value, "", value)
    if isinstance(value, (BadRow, KeptRow)):
        return _item_of_row(number, value, is_text=is_text)
    if isinstance(value, (str, os.PathLike)):
        return _item_of_text(os.fspath(value), value)
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], (str, os.PathLike)):
        return Item(shown_key(str(value[0])), _mark_of_value(value), value)
    if isinstance(value, dict) and has_bytes(value) and isinstance(value["path"], str) and value["path"]:
        return Item(shown_key(value["path"]), _mark_of_value(value), value)
    return Item(str(number), _mark_of_value(value), value)


def _item_of_row(number: int, row: BadRow | KeptRow, *, is_text: bool) -> Item:
    """An input that is none, or that comes with a key or with columns: then its mark changes with these too."""
    if isinstance(row, BadRow):
        return Item(row.place, row.content, None, row.read)
    item = item_of_value(number, row.value, is_text=is_text)
    mark = None if item.mark is None else _mark_with(item.key, item.mark, row.kept)
    return item._replace(key=item.key if row.key is None else row.key, mark=mark, kept=row.kept)


def _mark_with(key: str, mark: str | bytes, kept: Mapping[str, Any]) -> str | bytes | None:
    """A mark that changes also with an input's own name and with what is kept; ``None`` where nobody can tell."""
    if all(type(value) in _PLAIN for value in kept.values()):  # as most are, and this is much quicker
        return repr((key, mark, sorted(kept.items())))
    return digest_of_value((key, mark, dict(kept)))


def _item_of_text(text: str | bytes, value: Any) -> Item:
    """An input that is a path, an address, or some other text."""
    key = shown_key(str(text))
    if key != str(text):  # and by its key alone nobody could tell it from another
        return Item(key, str(text), value)
    is_short = isinstance(text, str) and len(text) < _LONGEST_PATH and "\n" not in text
    return Item(key, (mark_of_file(str(text)) if is_short else None) or "", value)


def shown_key(text: str) -> str:
    """A key as it goes into what a job writes: what opens an address is not kept there."""
    return masked(text) if "://" in text and is_url(text) else text


def mark_of_file(path: str) -> str | None:
    """What changes when a file does; ``None`` where there is no such file."""
    try:
        state = os.stat(path)  # noqa: PTH116  # a Path for each of a million strings would cost more than the call
    except (OSError, ValueError):
        return None
    return f"{state.st_size} {state.st_mtime_ns}"


def _mark_of_value(value: Any) -> bytes | None:
    """A hash of a value's content, and of size and time of the files that it names."""
    return digest_of_value(value, lambda text: mark_of_file(text) if len(text) < _LONGEST_PATH else None)

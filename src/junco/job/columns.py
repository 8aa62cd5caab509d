"""Which columns of a table hold the inputs, and what a row gives for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from junco.errors import JobError
from junco.job.item import BadRow
from junco.job.wanted import Wanted

_USUAL = ("input", "path", "text")
_KEY = re.compile(r"(?:^|[\s_.-])(?:id|ids|key|index|idx|nr|no|num|number|label|uuid)$|^(?:unnamed: \d+|)$")
_MOST_NAMES = 20
_NO_VALUES = ("NAType", "NaTType")
"""How pandas calls what is missing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns of a table that hold the inputs.

    Attributes:
        positions: where they stand in the table.
        names: what they are called there.
        told: the choice in words.
    """

    positions: tuple[int, ...]
    names: tuple[str, ...]
    told: str

    def pick(self, row: Sequence[Any], place: str, wanted: Wanted, *, is_picked: bool = False) -> Any:
        """What a row gives to the pipeline; where something is missing in it, nothing that it could work on.

        Args:
            row: all its cells, or the chosen ones alone if it ``is_picked``; cells at its end may be missing.
        """
        if not is_picked:
            row = [row[at] if at < len(row) else None for at in self.positions]
        if len(row) == 1 and type(row[0]) is str and row[0].isascii():  # as most are
            return row[0]
        return self._checked(row, place, wanted)

    def _checked(self, values: Sequence[Any], place: str, wanted: Wanted) -> Any:
        for name, value in zip(self.names, values, strict=True):
            if isinstance(value, BadRow):
                return BadRow(place, value.content, value.reason)
            if is_missing(value):
                return BadRow(place, b"", f"no {name!r}")
            if isinstance(value, str) and wanted.is_unicode and (reason := not_unicode(value)):
                return BadRow(place, value.encode("utf-8", "surrogatepass"), reason)
        return values[0] if len(values) == 1 else tuple(values)


def choose(there: Sequence[Any], wanted: Wanted, name: str, with_bytes: Collection[int] = ()) -> Choice:
    """Choose by name, as exactly as can be: case and blanks around do not count where nothing fits better.

    Without a name that fits: the column of pictures or sounds, or the first that is no key.

    Args:
        there: the table's columns.
        wanted: the pipeline's input columns, and the one that was asked for.
        name: of the table, for messages.
        with_bytes: positions of columns that hold files' contents, as Hugging Face's data sets do.

    Raises:
        JobError: no such column, or two of one name.
    """
    texts = [str(each) for each in there]
    if not texts:
        raise JobError(f"{name} has no columns")
    asked = (wanted.column,) if wanted.column is not None else wanted.columns
    found = [_position(texts, each, name) for each in asked]
    if None not in found:
        return _choice([at for at in found if at is not None], texts)
    missing = asked[found.index(None)]
    if wanted.column is not None:
        raise JobError(f"{name} has no column {missing!r}; its columns: {listed(texts)}")
    if len(asked) > 1:
        raise JobError(
            f"{name} has no column {missing!r}; the pipeline takes {', '.join(asked)}; its columns: {listed(texts)}"
        )
    return _guess(texts, wanted, name, with_bytes)


def _guess(texts: Sequence[str], wanted: Wanted, name: str, with_bytes: Collection[int]) -> Choice:
    """The column where none is named as the pipeline's input.

    Raises:
        JobError: another has the same name.
    """
    if with_bytes and not wanted.is_text:
        _position(texts, texts[min(with_bytes)], name)
        return _choice([min(with_bytes)], texts, "which holds files")
    usual = next((at for each in _USUAL if (at := _position(texts, each, name)) is not None), None)
    if usual is not None:
        return _choice([usual], texts)
    no_key = next((at for at, each in enumerate(texts) if not _KEY.search(_folded(each))), 0)
    _position(texts, texts[no_key], name)
    why = "the first that is no key; another with column= (--column)" if len(texts) > 1 else ""
    return _choice([no_key], texts, why)


def _choice(positions: Sequence[int], texts: Sequence[str], why: str = "") -> Choice:
    names = tuple(texts[at] for at in positions)
    told = f"{'column' if len(names) == 1 else 'columns'} {', '.join(map(repr, names))}"
    if len(texts) > len(names):
        told += f" of {listed(texts)}"
    return Choice(tuple(positions), names, f"{told} ({why})" if why else told)


def _position(texts: Sequence[str], wanted: str, name: str) -> int | None:
    """Where a column stands, if it is there.

    Raises:
        JobError: it is there twice.
    """
    same = [at for at, each in enumerate(texts) if each == wanted]
    same = same or [at for at, each in enumerate(texts) if _folded(each) == _folded(wanted)]
    if len(same) > 1:
        twice = " and ".join(sorted({repr(texts[at]) for at in same}))
        raise JobError(f"{name} has {len(same)} columns named {twice}: give each a name of its own")
    return same[0] if same else None


def is_known(text: str, wanted: Wanted) -> bool:
    """Whether a text is the name of a column that inputs usually stand in."""
    return _folded(text) in {_folded(each) for each in (wanted.column or "", *wanted.columns, *_USUAL) if each}


def _folded(text: str) -> str:
    return text.strip().casefold()


def listed(texts: Sequence[str]) -> str:
    """Names of columns for a message, which may be many and long."""
    more = f" and {len(texts) - _MOST_NAMES:,} more" if len(texts) > _MOST_NAMES else ""
    return ", ".join(text if len(text) <= 80 else text[:79] + "…" for text in texts[:_MOST_NAMES]) + more


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: nothing, no number, or what pandas has for that."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ in _NO_VALUES


def not_unicode(text: str) -> str | None:
    """Why a text is none, if it is not: a byte that is no UTF-8, or half of a character."""
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        return f"not UTF-8 (byte 0x{code - 0xDC00:02x})" if 0xDC80 <= code <= 0xDCFF else "half of a character in it"
    return None

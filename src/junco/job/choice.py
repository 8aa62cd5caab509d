"""`Choice`: which columns of a table are read, and what a row gives for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from junco.job.item import BadRow, KeptRow, shown_key
from junco.job.keeping import Keeping
from junco.job.wanted import Wanted
from junco.store.times import FINE_TIMES
from junco.wording import picture

_NO_VALUES = ("NAType", "NaTType")
"""How pandas calls what is missing."""
_KEYS = (str, int, float, Decimal, date, UUID)


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns of a table that are read: first those that hold the inputs, then the key's, then what is kept.

    Attributes:
        positions: where they stand in the table.
        names: what they are called there.
        told: the choice in words.
        keeping: what rows keep; ``None``: there are only inputs.
        num_kept: how many of the columns are kept, the last ones.
    """

    positions: tuple[int, ...]
    names: tuple[str, ...]
    told: str
    keeping: Keeping | None = None
    num_kept: int = 0

    def pick_cells(self, cells: Sequence[str], place: str, wanted: Wanted) -> Any:
        """What a row of a separated text gives; cells at its end may be missing.

        Args:
            cells: all of the row.
            place: what to call it.
            wanted: what the pipeline takes.
        """
        return self.pick([cells[at] if at < len(cells) else None for at in self.positions], place, wanted)

    def pick(self, values: Sequence[Any], place: str, wanted: Wanted) -> Any:
        """What a row gives to the pipeline; where something is missing in it, nothing that it could work on.

        Args:
            values: what stands in the chosen columns.
            place: what to call the row.
            wanted: what the pipeline takes.
        """
        if len(values) == 1 and type(values[0]) is str and values[0] and values[0].isascii():  # as most are
            return values[0]
        if self.keeping is None:
            return self._inputs(values, place, wanted)
        return self._row(values, place, wanted, self.keeping)

    def typed(self, number: int, kind: str, values: Iterable[Any]) -> Iterable[Any]:
        """A column's values; kept whole numbers without a sign with a type that says so, as a value alone does not.

        Args:
            number: of the column, among the chosen ones.
            kind: what its library calls its type.
            values: those in it.
        """
        is_kept = number >= len(self.names) - self.num_kept
        if not is_kept or kind.lower().removesuffix("[pyarrow]") != "uint64":
            return values
        return (np.uint64(value) if isinstance(value, (int, np.integer)) else value for value in values)

    @property
    def _num_inputs(self) -> int:
        has_key = self.keeping is not None and self.keeping.key is not None
        return len(self.names) - self.num_kept - has_key

    def _inputs(self, values: Sequence[Any], place: str, wanted: Wanted) -> Any:
        for name, value in zip(self.names[: len(values)], values, strict=True):
            if isinstance(value, BadRow):
                return BadRow(place, value.content, value.reason)
            if is_missing(value):
                return BadRow(place, b"", f"no {name!r}")
            if type(value) is str and not value:
                return BadRow(place, b"", f"nothing in the column {name!r}")
            if isinstance(value, str) and wanted.is_unicode and (reason := not_unicode(value)):
                return BadRow(place, value.encode("utf-8", "surrogatepass"), reason)
        return values[0] if len(values) == 1 else tuple(values)

    def _row(self, values: Sequence[Any], place: str, wanted: Wanted, keeping: Keeping) -> KeptRow | BadRow:
        """The inputs with the key and what is kept; a row without a key that it may have is none."""
        count, first = self._num_inputs, len(self.names) - self.num_kept
        key = None
        if keeping.key is not None:
            key, why = _key(values[count], self.names[count], place)
            if why is not None:
                return why
            if not keeping.is_new(key):
                reason = f"an earlier row has the key {picture(key)} too (column {self.names[count]!r})"
                return BadRow(place, key.encode(), reason)
            place = key
        kept = dict(zip(self.names[first:], map(_plain, values[first:]), strict=True))
        for name, value in kept.items():
            if (odd := _no_value(value)) is not None:
                return KeptRow(BadRow(place, b"", f"{odd} in the column {name!r}"), key, {})
        return KeptRow(self._inputs(values[:count], place, wanted), key, kept)


def _key(value: Any, name: str, place: str) -> tuple[str, BadRow | None]:
    """The text that names a row, or why its value is none."""
    value = _plain(int(value) if isinstance(value, np.uint64) else value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return "", BadRow(place, b"", f"no key: nothing in the column {name!r}")
    reason = _no_value(value) or (None if isinstance(value, _KEYS) else picture(value))
    if reason is not None:
        return "", BadRow(place, b"", f"no key: {reason} in the column {name!r}")
    if isinstance(value, float) and value.is_integer():  # as whole numbers come where some are missing
        value = int(value)
    return shown_key(str(value)), None


def _plain(value: Any) -> Any:
    """A value that is kept, without what is only an array's or a library's own way to hold it."""
    if type(value) in (str, np.uint64):
        return value
    if is_missing(value):
        return None
    if str(getattr(value, "dtype", "")) in FINE_TIMES:
        return None if value != value else value
    return value.tolist() if hasattr(value, "tolist") else value


def _no_value(value: Any) -> str | None:
    """Why a cell cannot be kept, if that is seen."""
    if isinstance(value, BadRow):
        return value.reason
    return not_unicode(value) if isinstance(value, str) else None


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

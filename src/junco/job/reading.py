"""`Reading`: what the caller says of how a list is written, where junco would find it out by itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from junco.errors import InputError, JobError, ParameterError

if TYPE_CHECKING:
    from junco.job.kinds import Kind

_CALLED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|"}
_OF_KINDS: dict[str, tuple[Kind, ...]] = {
    "encoding": ("lines", "separated", "json", "json lines"),
    "delimiter": ("separated",),
    "sheet": ("sheets",),
}
_MEANT = {"encoding": "a list of text (.txt, .csv, .jsonl …)", "delimiter": ".csv, .tsv", "sheet": ".xlsx, .xls, .ods"}


@dataclass(frozen=True, slots=True)
class Reading:
    """How a list is written; of what is ``None`` junco finds it out and tells.

    Attributes:
        encoding: of a text, as Python calls it: ``gb18030``, ``cp1252``, ``utf-16``.
        delimiter: what stands between the cells of a separated text: one character, or ``tab``.
        sheet: of a workbook, by its name.

    Raises:
        InputError: Python knows no such encoding, or nothing can be separated so.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        if self.encoding is not None:
            from junco.places.encodings import check_encoding  # few say one

            try:
                check_encoding(self.encoding, "--encoding")
            except ParameterError as error:  # which is one of an operator
                raise InputError(str(error)) from None
        separator = self.separator
        if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
            raise InputError(f"delimiter={self.delimiter!r} (--delimiter) is one character, or 'tab'")

    @property
    def separator(self) -> str | None:
        """The character that is meant by ``delimiter``."""
        return _CALLED.get(self.delimiter, self.delimiter) if self.delimiter is not None else None

    def check(self, what: str, kind: Kind | None = None) -> None:
        """Refuse what says nothing of a source of that kind; ``None``: it is no list.

        Raises:
            JobError: with what it is for.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and kind not in _OF_KINDS[each.name]:
                option = f"{each.name}= (--{each.name})"
                raise JobError(f"{what}, and {option} is for {_MEANT[each.name]}: leave {option} away")


FOUND_OUT = Reading()
"""Nothing is said."""

"""Files that are one text each: their content, or what they are in truth."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import PurePosixPath

from junco.errors import InputError
from junco.job.texts import not_utf8
from junco.places.packed import packing_of

_HEAD = 4096
_AS_TABLE = "give it as the source, and its rows are inputs"
_AS_TEXT = "save its text as .txt"
_AS_DOCUMENT = "the pipeline 'document-embedding' reads it (pip install 'junco[documents]')"
_AS_OLD = "save it as .txt; the rows of an .xls are inputs where it is the source"
_OFFICE = {
    ".xlsx": ("an Excel workbook", _AS_TABLE),
    ".xlsm": ("an Excel workbook", _AS_TABLE),
    ".ods": ("a spreadsheet", _AS_TABLE),
    ".docx": ("a Word document", _AS_DOCUMENT),
    ".odt": ("a text document", _AS_TEXT),
    ".pptx": ("slides", _AS_TEXT),
    ".epub": ("a book", _AS_TEXT),
}
"""Archives by their name."""
_ZIP, _PDF, _SQLITE = b"PK\x03\x04", b"%PDF-", b"SQLite format 3\0"
_MAGICS = (
    (_ZIP, "a zip archive", "unpack it first"),
    (_PDF, "a PDF", _AS_DOCUMENT),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office document",
        "save it as .txt; the rows of an .xls are inputs where it is the source",
    ),
    (b"PAR1", "a Parquet file", "name it .parquet"),
    (b"ARROW1", "an Arrow file", "name it .arrow"),
    (_SQLITE, "a database", "write what it holds as .csv"),
    (b"\x89PNG\r\n", "a picture", "the pipeline takes texts"),
    (b"\xff\xd8\xff", "a picture", "the pipeline takes texts"),
    (b"GIF8", "a picture", "the pipeline takes texts"),
)


def text_in(content: bytes, name: str, encodings: Encodings | None = None) -> str:
    """The text that a file holds, without its mark.

    Args:
        content: all of it.
        name: of the file.
        encodings: is told in which encoding it is, where that was found out.

    Raises:
        InputError: it is something else that is known by its first bytes, UTF-8 that is damaged, or no text at all.
    """
    why = "UTF-16 without a mark, or no text"
    try:
        if not content.startswith((_ZIP, _PDF, _SQLITE)) and content[:_HEAD].count(0) <= len(content[:_HEAD]) // 4:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = not_utf8(error)
    known = _what_else(content, name)
    encoding, cure = (None, "") if known is not None else _encoding_of(content)
    if encoding is None:
        what, cure = known or (why, cure)
        raise InputError(f"{name!r} is no UTF-8 text: {what}; {cure}")
    if encodings is not None:
        encodings.found(name, encoding)
    return content.decode(encoding).removeprefix("\ufeff")


class Encodings:
    """In which encodings the files of a source are that are no UTF-8: each is told of the first file alone."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.tell = tell
        self.first: dict[str, str] = {}

    def found(self, name: str, encoding: str) -> None:
        """A file is in that encoding, by its look."""
        if encoding not in self.first and self.first.setdefault(encoding, name) is name:  # several read at once
            self.tell(f"{name}: encoding {encoding} by its look; further files in {encoding} are read without a word")


def _encoding_of(content: bytes) -> tuple[str | None, str]:
    """The encoding of a text that is no UTF-8, as of a list; where there is none, what helps."""
    from junco.places.encodings import is_mostly_unicode, likeliest

    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found: str | None = "utf-16"
    elif is_mostly_unicode(content):
        found = None  # damage, as in a line of a list
    else:
        try:
            found = likeliest(content)
        except ImportError:
            return None, "save it as UTF-8, or pip install 'junco[tables]', which finds out what it is in"
    try:
        content.decode(found or "ascii")
    except UnicodeError:
        found = None
    return found, "save it as UTF-8"


def _what_else(content: bytes, name: str) -> tuple[str, str] | None:
    """What a file is that is no text, and what to do with it."""
    found = next(((what, cure) for magic, what, cure in _MAGICS if content.startswith(magic)), None)
    if found is not None and content.startswith(_ZIP):
        return _OFFICE.get(PurePosixPath(name).suffix.lower(), found)
    if found is None and (packing := packing_of(content)) is not None:
        return f"packed ({packing})", "unpack it first"
    return found

"""Files of text as UTF-8, whatever they come in: compressed, with a byte order mark, in UTF-16 or UTF-32."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO, Any, cast

from junco.errors import JobError, MissingExtraError
from junco.job.item import BadRow
from junco.job.kinds import is_packed
from junco.job.wanted import Wanted
from junco.places.packed import packing_of, unpacked

MOST_LINE_BYTES = 64 * 2**20
"""A line, or a record of several, that is longer is no input."""
_HEAD_BYTES, BUFFER_BYTES = 4096, 1 << 18
"""What is looked at as a beginning at least, and at most."""
_UNKNOWN = "\ufffd".encode()
_WIDE = (  # UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


def opened_text(file: IO[bytes], name: str, wanted: Wanted | None = None) -> tuple[io.BufferedReader, list[str]]:
    """The file's text as UTF-8 without its mark, and what had to be done for that.

    Args:
        file: the bytes.
        name: of the file.
        wanted: who reads it; without anybody its encoding is not guessed.

    Raises:
        JobError: it is not compressed as its name says, is no text, or not in the encoding that the caller says.
    """
    done = []
    text = _buffered(file)
    head = text.peek(_HEAD_BYTES)
    if (packing := packing_of(head)) is not None:
        text = _buffered(unpacked(text, packing, name))
        done.append(f"unpacked ({packing})")
        head = text.peek(_HEAD_BYTES)
    elif is_packed(name) and head:
        raise JobError(f"{name} cannot be read: it is not compressed as its name says")
    if wanted is not None and (encoding := wanted.reading.encoding) is not None:
        text = _buffered(cast("IO[bytes]", _AsUtf8(text, encoding, f"encoding={encoding!r} (--encoding)", name)))
        return _without_mark(text, name, [*done, f"encoding {encoding}"])
    wide = next(((mark, code, called) for mark, code, called in _WIDE if head.startswith(mark)), None)
    if wide is not None:
        mark, code, called = wide
        text.read(len(mark))
        text = _buffered(cast("IO[bytes]", _AsUtf8(text, code, called, name)))
        done.append(called)
    elif wanted is not None and not head.startswith(codecs.BOM_UTF8):
        text, found = _as_likely(text, head, name, wanted)
        done += found
    return _without_mark(text, name, done)


def _as_likely(text: io.BufferedReader, head: bytes, name: str, wanted: Wanted) -> tuple[io.BufferedReader, list[str]]:
    """The text as UTF-8 where its beginning is in no UTF-8, by what that looks like, and what to say of it."""
    if head.isascii() and b"\0" not in head:
        return text, []
    if not wanted.is_unicode:
        said = "not UTF-8: names are taken byte by byte (encoding=, --encoding says what it is in)"
        return text, [said] * _has_odd_bytes(head)
    encoding = _likeliest(head, name)
    if encoding is None:
        said = "some bytes are no UTF-8, and their rows are put aside (encoding=, --encoding says what it is in)"
        return text, [said] * _has_odd_bytes(head)
    said = f"encoding {encoding} by its look (another with encoding=, --encoding)"
    return _buffered(cast("IO[bytes]", _AsUtf8(text, encoding, encoding, name, "surrogateescape"))), [said]


def _has_odd_bytes(head: bytes) -> bool:
    """Whether a beginning, which may end within a character, is no UTF-8."""
    return codecs.getincrementaldecoder("utf-8")("replace").decode(head).count("\ufffd") > head.count(_UNKNOWN)


def _likeliest(head: bytes, name: str) -> str | None:
    """The encoding that a text which is no UTF-8 is most likely in; ``None`` where it is UTF-8, or nobody can tell.

    Raises:
        MissingExtraError: what finds it out is not installed.
    """
    from junco.places.encodings import is_mostly_unicode, likeliest

    if is_mostly_unicode(head):
        return None
    try:
        return likeliest(head)
    except ImportError:
        raise MissingExtraError(
            "charset_normalizer",
            "tables",
            f"{name} is no UTF-8: say what it is in with encoding= (--encoding), for finding it out",
        ) from None


def _without_mark(text: io.BufferedReader, name: str, done: list[str]) -> tuple[io.BufferedReader, list[str]]:
    """The text after its mark, its lines with ends as they are today."""
    head = text.peek(_HEAD_BYTES)
    if head.startswith(codecs.BOM_UTF8):
        text.read(len(codecs.BOM_UTF8))
    if b"\r" in head.rstrip(b"\r") and b"\n" not in head:
        return _buffered(cast("IO[bytes]", _NewEnds(text))), [*done, "lines that end with CR alone"]
    if head[:_HEAD_BYTES].count(0) > len(head[:_HEAD_BYTES]) // 4:
        raise JobError(
            f"{name} cannot be read: it is no UTF-8, and no other text that is known: save it as UTF-8, or say what it "
            "is in with encoding= (--encoding)"
        )
    return text, done


def _buffered(file: IO[bytes]) -> io.BufferedReader:
    return file if isinstance(file, io.BufferedReader) else io.BufferedReader(_Lent(file), BUFFER_BYTES)


class _Lent(io.RawIOBase):
    """Somebody else's file, which stays theirs to close; it may be able to do nothing but to be read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        found = self.file.read(len(into))
        into[: len(found)] = found
        return len(found)


class _NewEnds(_Lent):
    """A text whose lines end as those of old Macs did."""

    def readinto(self, into: Any) -> int:
        found = self.file.read(len(into)).replace(b"\r", b"\n")
        into[: len(found)] = found
        return len(found)


class _AsUtf8(io.RawIOBase):
    """A text in another encoding as UTF-8; with ``surrogateescape`` bytes that do not belong there stay what they are,
    and so are no UTF-8 either.
    """

    def __init__(self, file: io.BufferedReader, code: str, called: str, name: str, errors: str = "strict") -> None:
        self.file, self.called, self.name, self.errors = file, called, name, errors
        self.decoder = codecs.getincrementaldecoder(code)(errors)
        self.rest, self.is_over = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self.rest and not self.is_over:
            wide = self.file.read(_HEAD_BYTES)
            self.is_over = not wide
            try:
                self.rest = self.decoder.decode(wide, final=self.is_over).encode("utf-8", self.errors)
            except UnicodeError as error:
                raise JobError(f"{self.name} cannot be read: it is not in {self.called}: {error}") from None
        found, self.rest = self.rest[: len(into)], self.rest[len(into) :]
        into[: len(found)] = found
        return len(found)


def lines_of(file: io.BufferedReader, name: str) -> Iterator[tuple[int, bytes | BadRow]]:
    """The lines with their numbers and ends; of one that is too long nothing is kept."""
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) <= MOST_LINE_BYTES:
            yield number, line
            continue
        head = line[:_HEAD_BYTES]
        while line and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE_BYTES)
        yield number, BadRow(f"{name}, line {number}", head, f"longer than {MOST_LINE_BYTES:,} bytes")


def not_utf8(error: UnicodeDecodeError) -> str:
    """Where a text is not UTF-8."""
    return f"not UTF-8 (byte 0x{error.object[error.start]:02x})"

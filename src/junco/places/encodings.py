"""Which encoding bytes are in: by what is asked for, a mark, a declaration, UTF-8's own rules, or by guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from junco.errors import InputError
from junco.places.east_asian import EAST_ASIAN, by_common_characters

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What is declared or found, and what reads it and all that people write under that name (as browsers do).
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "euc_jis_2004": "euc_jp",
}
# Those that browsers know: guessing among all that Python knows finds rarities in short texts.
_GUESSED = [
    "utf_16_le",
    "utf_16_be",
    "gb18030",
    "big5",
    "big5hkscs",
    "cp932",
    "euc_jp",
    "cp949",
    "koi8_r",
    "koi8_u",
    "cp866",
    "mac_cyrillic",
    "iso8859_2",
    "iso8859_7",
    "cp874",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
]
# What a document may declare: what browsers read (it was itself found as ASCII: so it is in no UTF-16, UTF-32, EBCDIC),
# and the old mail encoding of Chinese. Python's names, as `wider` gives them.
_DECLARABLE = {
    *("utf-8", "utf-8-sig", "gb18030", "big5hkscs", "hz", "cp932", "euc_jp", "iso2022_jp", "cp949", "koi8-r", "koi8-u"),
    *("cp866", "cp874", "tis-620", "mac-roman", "mac-cyrillic", *(f"cp{number}" for number in range(1250, 1259))),
    *(f"iso8859-{number}" for number in range(2, 17)),
}
# What is written in ASCII alone and stands for other characters: of mail, mostly. That of the last kind is not read, as
# browsers do not, since too much else looks like it.
_SPELT: tuple[tuple[re.Pattern[bytes], tuple[str, ...]], ...] = (
    (re.compile(rb"\x1b\$[@B]|\x1b\([JI]|\x1b\$\([DOPQ]"), ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004")),
    (re.compile(rb"\x1b\$\)C"), ("iso2022_kr",)),
    (re.compile(rb"~\{(?:[!-)0-W][!-~])+~\}"), ("hz",)),
    (re.compile(rb"\+(?:A[A-P]|[B-Z][A-Za-z0-9+/]|[a-f][A-Za-z0-9+/])[A-Za-z0-9+/]+-"), ()),
)
_ALIKE = 0.1
"""Of how much mess charset-normalizer finds in a text: letters with accents are like each other in all encodings."""
_SURE_CHARACTERS = 8
"""So many characters beyond ASCII that follow UTF-8's rules are no accident."""
_BEYOND = re.compile(rb"[\x80-\xff]+")
_ODD = re.compile("[\udc80-\udcff]")
_MOST_DAMAGED = 3
"""So many times as much as follows UTF-8's rules may break them, in a text that is mixed or damaged."""
_SAMPLE_BYTES = 2**16
_CONTROLS = dict.fromkeys(c for c in range(32) if chr(c) not in "\t\n\r\f\x1b")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and whether its encoding was only assumed."""

    text: str
    is_assumed: bool = False


def check_encoding(encoding: str | None, owner: str) -> str | None:
    """The value of an option, if Python knows such an encoding of texts.

    Args:
        encoding: as it was given.
        owner: whose option it is.

    Raises:
        ParameterError: it does not.
    """
    from junco.errors import ParameterError

    if encoding is not None:
        try:
            "".encode(encoding)
        except (LookupError, TypeError, ValueError):
            raise ParameterError(
                f"{owner!r}: encoding={encoding!r} is no encoding of texts; some are utf-8, gb18030, cp1252, utf-16, "
                "big5, shift_jis"
            ) from None
    return encoding


def decoded(content: bytes, name: str, encoding: str | None = None, declared: str | None = None) -> Decoded:
    """The text that bytes stand for.

    Args:
        content: all of it.
        name: for messages.
        encoding: what the caller says; nothing else is tried then.
        declared: what the document says of itself; where that is wrong, the bytes are read as if it said nothing.

    Raises:
        InputError: it is no text, in no encoding that is known, or not in the one that the caller says.
    """
    if encoding is not None:
        try:
            return Decoded(_checked(content.decode(encoding).removeprefix("\ufeff"), name))  # its mark is no text
        except UnicodeError as error:
            raise InputError(f"{name}: it is not in encoding={encoding!r}: {error}") from error
    for mark, marked in _MARKS:
        if content.startswith(mark):
            text = _strict(content[len(mark) :], marked)
            if text is not None:
                return Decoded(_checked(text, name))
    unicode = _strict(content, "utf-8")
    as_declared = _strict(content, reader) if (reader := declarable(declared)) is not None else None
    if as_declared is not None and (unicode is None or as_declared == unicode or not _is_sure(unicode)):
        return Decoded(_checked(as_declared, name))
    if unicode is not None and content.isascii() and (spelt := _spelt(content)) is not None:
        return Decoded(_checked(spelt, name), is_assumed=True)
    if unicode is not None and "\0" not in unicode:
        return Decoded(_checked(unicode, name), is_assumed=declared is not None)
    return Decoded(_guessed(content, name), is_assumed=True)


def wider(encoding: str) -> str:
    """The encoding that reads all that is written under that name; an unknown name reads nothing."""
    try:
        known = codecs.lookup(encoding).name
    except LookupError:
        return encoding
    return _WIDER.get(known, known)


def declarable(declared: str | None) -> str | None:
    """The encoding that reads what declares this of itself; ``None`` where it says nothing, or what cannot be."""
    return found if declared is not None and (found := wider(declared)) in _DECLARABLE else None


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _spelt(content: bytes) -> str | None:
    """What ASCII stands for that looks as if it stood for something else; ``None`` where it does not."""
    for pattern, encodings in _SPELT:
        if pattern.search(content):
            return next((text for each in encodings if (text := _strict(content, each)) is not None), content.decode())
    return None


def _guessed(content: bytes, name: str) -> str:
    """The text by the likeliest encoding, of a sample from its start, that reads all of it."""
    for encoding in _likely(content):
        if (text := _strict(content, encoding)) is not None and not _is_binary(text):
            return text
    raise InputError(f"{name}: no text in any known encoding: is it binary?")


def likeliest(sample: bytes) -> str | None:
    """The encoding that the beginning of a text, which may end within a character and is no UTF-8, is most likely in.

    ``None`` where it is no text. It needs ``charset_normalizer``.
    """
    for encoding in _likely(sample):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeError:
            continue
        if not _is_binary(text):
            return encoding
    return None


def is_mostly_unicode(sample: bytes) -> bool:
    """Whether a text, of which this is the beginning, is UTF-8, though some bytes may be damaged.

    In another encoding hardly anything that stands between two letters of ASCII follows UTF-8's rules by chance. One
    byte alone that does not is damage itself. Where many are null, characters have two bytes or four.
    """
    if sample.count(0) > len(sample) // 4:
        return False
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    num_odd = len(_ODD.findall(decoder.decode(sample)))
    cut_off = len(decoder.getstate()[0])
    found = [_strict(run, "utf-8") is not None for run in _BEYOND.findall(sample[: len(sample) - cut_off])]
    return num_odd < 2 or found.count(False) <= _MOST_DAMAGED * found.count(True)


def _likely(content: bytes) -> list[str]:
    """Encodings that read all that is written under their names, the likeliest first."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(content[:_SAMPLE_BYTES], cp_isolation=_GUESSED))
    found = [_called(match) for match in sorted(matches, key=lambda match: _unlikeliness(match, matches[0]))]
    if found and (wider(found[0]) in EAST_ASIAN or found[0].startswith("utf_16")):
        found = [*by_common_characters(content[:_SAMPLE_BYTES]), *found]
    return list(dict.fromkeys(map(wider, found)))


def _called(match: CharsetMatch) -> str:
    """Its encoding: of several in which the sample says the same, the most common one of Latin letters."""
    return "cp1252" if "cp1252" in match.could_be_from_charset else match.encoding


def _unlikeliness(match: CharsetMatch, best: CharsetMatch) -> tuple[bool, float]:
    """For sorting; where the most common encoding of Latin letters fits about as well as another, it is the one."""
    is_alike = match.chaos <= best.chaos + _ALIKE and match.coherence >= best.coherence
    return not (_called(match) == "cp1252" and is_alike), match.chaos


def _is_sure(text: str) -> bool:
    """Whether bytes that can be read as UTF-8 are no other encoding's."""
    return sum(character > "\x7f" for character in text[:_SAMPLE_BYTES]) >= _SURE_CHARACTERS


def _checked(text: str, name: str) -> str:
    if _is_binary(text):
        raise InputError(f"{name}: binary, no text: it holds control characters")
    return text


def _is_binary(text: str) -> bool:
    """Whether there are characters that no text has: a null, or one control character in a hundred."""
    if "\0" in text:
        return True
    sample = text[:_SAMPLE_BYTES]
    return len(sample) - len(sample.translate(_CONTROLS)) > len(sample) / 100

"""Which of the East Asian encodings a text is in: the one in which it consists of common characters.

Bytes of one can be read as another, and what comes out are characters, but rare ones. Each encoding has its common
characters in one part of its table: GB 2312's first level, Big5's first level, the Hangul of KS X 1001, the kana and
the first level of JIS X 0208.
"""

from __future__ import annotations

_PUNCTUATION = range(0xA1, 0xA4)
# First bytes of common characters; those of GB and KS X have a second byte above 0xA0, where both came from.
EAST_ASIAN = {
    "cp949": ((range(0xB0, 0xC9), _PUNCTUATION), 0xA1),
    "gb18030": ((range(0xB0, 0xD8), _PUNCTUATION), 0xA1),
    "big5hkscs": ((range(0xA4, 0xC7), _PUNCTUATION), 0x40),
    "cp932": ((range(0x81, 0x84), range(0x88, 0x98)), 0x40),
    "euc_jp": ((range(0xA1, 0xA2), range(0xA4, 0xA6), range(0xB0, 0xD0)), 0xA1),
}
_LEAST = 0.8
_KANA = range(0x3041, 0x3100)
_LEAST_KANA, _MOSTLY_KANA = 0.1, 0.4
_JAPANESE = ("cp932", "euc_jp")


def by_common_characters(content: bytes) -> list[str]:
    """The encodings in which so many of the characters beyond ASCII are common, the best first.

    Where they are mostly kana, it is Japanese, whatever else their bytes could be: Chinese by chance has few.
    """
    shares = {encoding: _share(content, encoding) for encoding in EAST_ASIAN}
    fitting = [each for each in shares if shares[each] >= _LEAST]
    return sorted(fitting, key=lambda each: (_kana(content, each) < _MOSTLY_KANA, -shares[each]))


def _share(content: bytes, encoding: str) -> float:
    """Which part of the characters beyond ASCII is common; 0 where the bytes are not in that encoding."""
    firsts, least_second = EAST_ASIAN[encoding]
    foreign = _foreign(content, encoding)
    if not foreign or (encoding in _JAPANESE and _kana(content, encoding) < _LEAST_KANA):
        return 0.0
    written = (character.encode(encoding) for character in foreign)
    common = sum(len(w) == 2 and w[1] >= least_second and any(w[0] in first for first in firsts) for w in written)
    return common / len(foreign)


def _kana(content: bytes, encoding: str) -> float:
    """Which part of the characters beyond ASCII is kana, in an encoding of Japanese; 0 in another."""
    foreign = _foreign(content, encoding) if encoding in _JAPANESE else ""
    return sum(ord(each) in _KANA for each in foreign) / len(foreign) if foreign else 0.0


def _foreign(content: bytes, encoding: str) -> str:
    """The characters beyond ASCII; none where the bytes are not in that encoding."""
    try:
        # A sample may end within a character.
        text = content.decode(encoding, "strict" if len(content) < 1024 else "ignore")
    except UnicodeError:
        return ""
    return "".join(character for character in text if character > "\x7f")

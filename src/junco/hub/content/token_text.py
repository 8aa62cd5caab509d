"""A token as text: ``jnc_``, 256 random bits in base 62, and a checksum, so that a slip of the pen is no token."""

from __future__ import annotations

import hashlib
import secrets
import zlib

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _CHECK = 43, 6
PREFIX = "jnc_"
TOKEN = rf"\b{PREFIX}[0-9A-Za-z]{{{_SECRET + _CHECK}}}\b"
"""What looks like one, as a regular expression."""


def new_token() -> str:
    """That nobody guesses."""
    secret = _base62(secrets.randbits(256), _SECRET)
    return f"{PREFIX}{secret}{_check(secret)}"


def is_whole(text: str) -> bool:
    """Whether a text is a token by its form; nothing else is looked up, or kept."""
    secret, check = text[len(PREFIX) : -_CHECK], text[-_CHECK:]
    return (
        text.startswith(PREFIX)
        and len(text) == len(PREFIX) + _SECRET + _CHECK
        and text.isascii()
        and text[len(PREFIX) :].isalnum()
        and check == _check(secret)
    )


def digest(text: str) -> str:
    """What is stored of a token, or of a cookie: its bits are random, so a fast hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check(secret: str) -> str:
    return _base62(zlib.crc32(secret.encode()), _CHECK)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _LETTERS[digit] + text
    return text

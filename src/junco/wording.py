"""What messages are made of: text that may be printed, a short picture of a value, the names nearest to another."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

MOST_SAID = 1_000
"""Letters of what an exception says that a message repeats: no message is longer than a screen."""

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
NOT_OURS = (Exception, SystemExit)
"""What somebody else's class or module may raise when it is only looked at, which must hide nothing and end nobody."""


def printable(text: str) -> str:
    """A text without control characters: what would move a cursor, turn the direction or ring is spelt out."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _spelt(letter) for letter in text)


def printable_lines(lines: Iterable[str]) -> str:
    """Lines as one text, each of them `printable`: a name with a line break in it stays on its line."""
    return "\n".join(map(printable, lines))


def _spelt(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def picture(value: object, most: int = 80) -> str:
    """A short picture of a value for messages: type and shape for arrays, a cut ``repr`` for the rest; never raises."""
    try:
        return _pictured(value, most)
    except NOT_OURS as error:
        return _cut(f"<{type(value).__name__}, which raised {type(error).__name__} when it was looked at>", most)


def _pictured(value: object, most: int) -> str:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{type(value).__name__}{tuple(shape)} {dtype}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{type(value).__name__} of {len(value)} bytes"
    if isinstance(value, (list, tuple, set, frozenset, dict)) and len(value) > 8:
        return f"{type(value).__name__} of {len(value)} items"
    params = getattr(type(value), "__dataclass_params__", None)
    if params is not None and params.repr:  # its own repr would print whole arrays
        fields = [field.name for field in getattr(value, "__dataclass_fields__", {}).values() if field.repr]
        text = ", ".join(f"{name}={picture(getattr(value, name, None))}" for name in fields)
        return _cut(f"{type(value).__name__}({text})", most)
    try:
        text = repr(value)
    except NOT_OURS as error:  # a user's __repr__ must not hide the error we are describing
        text = f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    return _cut(placeless(text[: 20 * most]), most)  # it may be megabytes long


def placeless(text: str) -> str:
    """A text without the addresses in memory that a plain ``repr`` names: they differ from one run to the next."""
    return _ADDRESS.sub("", text)


def _cut(text: str, most: int) -> str:
    text = text if len(text) <= most else text[: most - 1] + "…"
    return printable(text)  # a class of somebody's own shows itself as it likes


def said_by(error: BaseException) -> str:
    """What an exception of somebody else's code says; nothing where it fails at that; never raises."""
    try:
        return str(error)
    except NOT_OURS:  # as with a value's repr
        return ""


def brief(error: BaseException) -> str:
    """An exception of somebody else's code as one line: its type, and the first line of what it says."""
    kind = type(error).__name__
    said = said_by(error).strip().splitlines()
    return _cut(f"{kind}: {said[0]}" if said else kind, MOST_SAID)


def reason(error: BaseException) -> str:
    """The same with all lines that it says, put into one; of a group of exceptions each is told."""
    kind, said = type(error).__name__, said_by(error)
    text = " ".join(said[: 2 * MOST_SAID].split())
    told = _cut(f"{kind}: {text}" if text else kind, MOST_SAID)
    if isinstance(error, BaseExceptionGroup):
        told = _cut(f"{told}: {'; '.join(map(reason, error.exceptions))}", MOST_SAID)
    return told


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known names most like ``name``, best first."""
    folded = {k.casefold(): k for k in known}
    return tuple(folded[m] for m in difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.6))


def did_you_mean(suggestions: Iterable[str]) -> str:
    """A sentence that names suggestions, with a space before it; nothing where there are none."""
    listed = " or ".join(repr(s) for s in suggestions)
    return f" Did you mean {listed}?" if listed else ""

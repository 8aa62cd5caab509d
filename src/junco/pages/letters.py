"""Lines of text for terminals: the places that letters take, cutting, amounts with their units."""

from __future__ import annotations

import unicodedata


def num_places(text: str) -> int:
    """Places that a text takes on a terminal: East Asian letters take two, combining marks none."""
    return sum(map(_places, text))


def _places(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def cut(text: str, most: int) -> str:
    """A text in at most so many places; one that was cut ends with ``…``."""
    if len(text) * 2 <= most or num_places(text) <= most:
        return text
    left, kept = most - 1, 0
    for letter in text:
        left -= _places(letter)
        if left < 0:
            break
        kept += 1
    return text[:kept] + "…"


def filled(text: str, places: int) -> str:
    """A text with spaces after it, up to so many places."""
    return text + " " * (places - num_places(text))


def amount(count: int, what: str) -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{count:,} {what if count == 1 else what + 's'}"


def duration(seconds: float) -> str:
    """Seconds in the unit that people read."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:,.0f} s"


def size(num_bytes: int) -> str:
    """Bytes in the unit that people read."""
    for unit, many in (("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= many:
            return f"{num_bytes / many:.3g} {unit}"
    return f"{num_bytes / 1e3:.3g} kB"

"""What messages are made of: a short picture of a value, the names nearest to one that nobody knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def picture(value: object, most: int = 80) -> str:
    """A short picture of a value for messages: type and shape for arrays, a cut ``repr`` for the rest."""
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
    except Exception as error:  # a user's __repr__ must not hide the error we are describing
        text = f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
    return _cut(placeless(text), most)


def placeless(text: str) -> str:
    """A text without the addresses in memory that a plain ``repr`` names: they differ from one run to the next."""
    return _ADDRESS.sub("", text)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The known names most like ``name``, best first."""
    folded = {k.casefold(): k for k in known}
    return tuple(folded[m] for m in difflib.get_close_matches(name.casefold(), folded, n=most, cutoff=0.6))


def did_you_mean(suggestions: Iterable[str]) -> str:
    """A sentence that names suggestions, with a space before it; nothing where there are none."""
    listed = " or ".join(repr(s) for s in suggestions)
    return f" Did you mean {listed}?" if listed else ""

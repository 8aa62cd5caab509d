"""Numbers, sizes and times as people read them."""

from __future__ import annotations

import re
import time
from typing import Any

from markupsafe import Markup, escape

from junco.hub.server.clock import DAY, stamp
from junco.hub.web.words import translated

_STEPS = ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (3600, "hour"), (60, "minute"))
_END = re.compile(r"(?<=[.!?]) +(?=[A-Z0-9`\"'(\[])|(?<=[。！？])")
_AGO = {
    "year": ("1 year ago", "{n} years ago"),
    "month": ("1 month ago", "{n} months ago"),
    "day": ("1 day ago", "{n} days ago"),
    "hour": ("1 hour ago", "{n} hours ago"),
    "minute": ("1 minute ago", "{n} minutes ago"),
}


def compact(number: float) -> str:
    """A count in four places: ``999``, ``1.2k``, ``34k``, ``5.6M``."""
    for unit, sign in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            shown = number / unit
            return f"{shown:.1f}{sign}" if shown < 10 else f"{shown:.0f}{sign}"
    return f"{number:g}"


def size(number: int) -> str:
    """Bytes, as disks are sold: ``812 B``, ``4.1 kB``, ``1.25 GB``."""
    if number < 1000:
        return f"{number} B"
    shown = float(number)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        shown /= 1000
        if shown < 999.5 or unit == "PB":
            break
    return f"{shown:.3g} {unit}"


def ago(seconds: int, language: str) -> Markup:
    """A time as the time since, whole where a pointer rests on it."""
    passed = int(time.time()) - seconds
    unit, name = next(((unit, name) for unit, name in _STEPS if passed >= unit), (0, ""))
    if not unit:
        text = translated(language, "just now")
    else:
        one, many = _AGO[name]
        count = passed // unit
        text = translated(language, one) if count == 1 else translated(language, many, n=count)
    return when(seconds, text)


def when(seconds: int, text: str | None = None) -> Markup:
    """A time; as a day unless another text is given."""
    whole = stamp(seconds) or ""
    said = whole.replace("T", " ").replace("Z", " UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(whole, said, text or whole[:10])


def many(language: str, number: int, one: str, several: str, **values: Any) -> str:
    """How many there are, in words: ``many("en", 2, "1 file", "{n} files")``."""
    return translated(language, one if number == 1 and language == "en" else several, n=f"{number:,}", **values)


def first_sentence(text: str) -> str:
    """What a summary says first; a colon at its end leads to what is not shown, and goes."""
    said = _END.split(text.strip(), maxsplit=1)[0].strip()
    return f"{said.rstrip(':： ')}…" if said.endswith((":", "：")) else said


def literal(text: str) -> Markup:
    """A text from elsewhere that keeps to itself: its direction turns nothing around it."""
    return Markup("<bdi>{}</bdi>").format(escape(text))

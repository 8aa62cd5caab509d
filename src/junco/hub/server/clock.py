"""What time it is, as the tables and the answers say it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DAY = 86_400


def now() -> int:
    """Whole seconds since 1970."""
    return int(time.time())


def today() -> int:
    """Whole days since 1970."""
    return now() // DAY


def stamp(seconds: int | None) -> str | None:
    """A time as answers have it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_of_hf(seconds: int) -> str:
    """A time as Hugging Face's clients read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def date(day: int) -> str:
    """A day as answers have it."""
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()

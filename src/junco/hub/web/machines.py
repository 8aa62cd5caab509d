"""Machines as a legend has room for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_LONGEST = 30
_NOISE = re.compile(r"\((?:R|TM)\)|\b(?:x86_64|aarch64|arm64|AMD64)\b|\b\d+-Core\b|\b(?:Processor|CPU)\b|@.*")


def short_machines(machines: Sequence[str]) -> dict[str, str]:
    """A short name for each machine; the whole one for those that would be called the same.

    Args:
        machines: as reports name them.
    """
    short = {each: _short(each) for each in machines}
    count = Counter(short.values())
    return {each: name if count[name] == 1 else each for each, name in short.items()}


def _short(machine: str) -> str:
    """Its first part, without words that most machines have."""
    name = " ".join(_NOISE.sub(" ", machine.split(",")[0]).split()) or machine
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"

"""Secrets that stand in files by mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from junco.hub.content.token_text import TOKEN, is_whole

MOST = 8_000_000
"""Bytes of a file that are looked through: secrets stand in texts, and those are small."""
_KINDS = (
    ("a token of Hugging Face", re.compile(rb"\bhf_[A-Za-z0-9]{34,}\b")),
    ("a key of AWS", re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a private key", re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")),
    ("a token of GitHub", re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b")),
    ("a token of PyPI", re.compile(rb"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}")),
)
_OURS = re.compile(TOKEN.encode())


@dataclass(frozen=True, slots=True)
class Leaks:
    """What was found; the tokens are those of a junco hub."""

    warnings: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


def scan(path: Path, size: int) -> Leaks:
    """Look through a file."""
    if size > MOST:
        return Leaks()
    data = path.read_bytes()
    tokens = {found.decode() for found in _OURS.findall(data)}
    return Leaks(
        tuple(f"holds {kind}" for kind, pattern in _KINDS if pattern.search(data)),
        tuple(sorted(token for token in tokens if is_whole(token))),
    )

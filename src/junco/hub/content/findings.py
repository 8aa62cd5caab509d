"""All that is said of a file's bytes when they come in, whatever their name will be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from junco.hub.content.formats import CAN_RUN, format_of
from junco.hub.content.leaks import scan
from junco.hub.content.safetensors_header import problem_of

SMALL = 10_000_000
"""Bytes up to which a file may be a regular one to Hugging Face's clients, named as git names it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Of a file's bytes.

    Attributes:
        format: ``"text"``, ``"safetensors"``, ``"pickle"``, ``"zip"`` …, ``"binary"``.
        unsafe: whether it can run code where somebody loads it carelessly.
        problem: what is wrong with it as what it is.
        warnings: what its owner should look at.
        tokens: of a junco hub, which stand in it.
        git_id: as git names it; small files alone.
    """

    format: str
    unsafe: bool
    problem: str | None
    warnings: tuple[str, ...]
    tokens: tuple[str, ...]
    git_id: str | None


def look_at(path: Path, size: int) -> Findings:
    """Read as much of a file as tells what it is."""
    kind = format_of(path, size)
    leaks = scan(path, size)
    return Findings(
        kind,
        kind in CAN_RUN,
        problem_of(path, size) if kind == "safetensors" else None,
        leaks.warnings,
        leaks.tokens,
        _git_id(path, size) if size <= SMALL else None,
    )


def _git_id(path: Path, size: int) -> str:
    return hashlib.sha1(b"blob %d\0" % size + path.read_bytes(), usedforsecurity=False).hexdigest()


def pointer_id(sha256: str, size: int) -> str:
    """The name by which git knows the pointer that stands for a large file (LFS)."""
    return hashlib.sha1(b"blob %d\0" % len(body := pointer(sha256, size)) + body, usedforsecurity=False).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """The pointer's text, as the specification of Git LFS has it."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()

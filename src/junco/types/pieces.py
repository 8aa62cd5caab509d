"""Boxes and chunks: where a piece of a picture or of a text lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, (x0, y0) inside, (x1, y1) just outside."""

    x0: float
    y0: float
    x1: float
    y1: float
    label: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a longer text: ``source[start:end] == text``."""

    text: str
    start: int
    end: int

"""Boxes, chunks, shots: where a piece of a picture, a text, a video or a sound lies."""

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
class Face:
    """A face: its box in pixels, and five points (x, y) in pixels as they stand in the picture, seen by the viewer:
    left eye, right eye, tip of the nose, left and right corner of the mouth.
    """

    box: Box
    points: tuple[tuple[float, float], ...]
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a longer text: ``source[start:end] == text``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one page of a document; ``number`` counts from 1."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Shot:
    """What a camera took without a cut: seconds from the start of the video, and how sure the cut before it is."""

    start_s: float
    end_s: float
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of sound: seconds from the start of its source."""

    start_s: float
    end_s: float
    label: str = ""
    score: float = 1.0

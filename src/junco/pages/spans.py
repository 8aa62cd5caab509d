"""Stretches of time, whatever they are called: shots, segments, clips, and frames as moments.

Like all values on a page these are known by their form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from junco.pages.values import box_of, have, is_frame, is_sound, is_stretch
from junco.wording import NOT_OURS, printable

MOST_S = 1e9
"""Times beyond thirty years are none."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something is there.

    Attributes:
        start_s, end_s: seconds; alike for a moment.
        label: what is there; empty where nobody says.
        score: how sure that is.
        kind: what stands in for a label: the name of a column or a class.
    """

    start_s: float
    end_s: float
    label: str = ""
    score: float = 1.0
    kind: str = ""

    @property
    def lane(self) -> str:
        """What it stands beneath."""
        return self.label or self.kind

    @property
    def words(self) -> str:
        """It in a line."""
        end = f"–{self.end_s:.2f}" if self.end_s > self.start_s else ""
        return f"{self.lane} {self.start_s:.2f}{end} s" + (f", {self.score:.2f}" if self.score != 1 else "")


def span_of(value: Any, kind: str = "") -> Span | None:
    """When a shot, a segment, a clip or a frame is; ``None`` for what has no time, or one that is no number."""
    try:
        times = _times(value)
        if times is None or not all(math.isfinite(time) and abs(time) < MOST_S for time in times):
            return None
        label = getattr(value, "label", "")
        score = getattr(value, "score", 1.0)
        return Span(
            times[0],
            max(times),
            printable(label[:200]) if isinstance(label, str) else "",
            float(score) if isinstance(score, (int, float)) and math.isfinite(score) else 1.0,
            kind or _kind(value),
        )
    except NOT_OURS:  # somebody else's class has times of its own making
        return None


def _kind(value: Any) -> str:
    if is_sound(value):
        return "sound"
    return "frame" if is_frame(value) else printable(type(value).__name__).lower()


def _times(value: Any) -> tuple[float, float] | None:
    if have(value, "start_s", "end_s"):
        return float(value.start_s), float(value.end_s)
    if is_frame(value):
        return float(value.time_s), float(value.time_s)
    if is_sound(value) and value.sample_rate_hz > 0:
        start_s = float(getattr(value, "start_s", 0.0))
        return start_s, start_s + value.samples.shape[-1] / value.sample_rate_hz
    return None


def spans_of_row(names: Sequence[str], values: Sequence[Any]) -> Iterator[Span]:
    """The spans of one row; a frame with a box is a moment at which what the box holds is there.

    A sound beside its segment is left out: it is the axis that these lie on.
    """
    is_heard = any(map(is_stretch, values))
    labels = [str(getattr(getattr(value, "box", value), "label", "") or "") for value in values if _is_box(value)]
    for name, value in zip(names, values, strict=True):
        if (is_heard and is_sound(value)) or (span := span_of(value, name)) is None:
            continue
        if labels and not span.label and span.start_s == span.end_s:
            span = Span(span.start_s, span.end_s, printable(labels[0][:200]), 1.0, span.kind)
        yield span


def _is_box(value: Any) -> bool:
    return box_of(value) is not None

"""A timeline: a lane for each label over one axis of seconds, as SVG that follows the colours around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from junco.pages.colours import Colours
from junco.pages.letters import amount, cut
from junco.pages.spans import Span
from junco.pages.style import words

WIDTH, LEFT, RIGHT = 800, 150, 12
LANE, AXIS = 20, 24
MOST_LANES = 12
MOST_TITLED = 400
"""Spans up to which each has a shape and a title of its own; beyond it those of a lane are one shape."""
_LANE_LETTERS = 22
_MOST_TICKS = 8
_STEPS_S = (0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
_FAR_S = 8_640_000


def timeline(spans: Sequence[Span], colours: Colours | None = None) -> str:
    """Spans in lanes; nothing where there are none.

    Args:
        spans: in any order.
        colours: of labels.
    """
    if not spans:
        return ""
    colours = colours or Colours()
    lanes: dict[str, list[Span]] = {}
    for span in spans:
        lanes.setdefault(span.lane, []).append(span)
    shown = _longest(lanes)
    axis = _Axis(min(span.start_s for span in spans), max(span.end_s for span in spans))
    is_titled = len(spans) <= MOST_TITLED
    bottom = LANE * len(shown)
    parts = [*axis.ticks(bottom)]
    for index, name in enumerate(shown):
        colour, top = colours(name), LANE * index
        parts.append(_name(name, top))
        parts += _titled(lanes[name], axis, top, colour) if is_titled else [_whole(lanes[name], axis, top, colour)]
    about = (
        f"timeline: {amount(len(spans), 'span')} of {', '.join(shown)}, {clock(axis.start_s)} to {clock(axis.end_s)}"
    )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {WIDTH} {bottom + AXIS}" role="img" '
        f'aria-label="{words(about)}" font-size="12" fill="currentColor">{"".join(parts)}</svg>'
    )
    left = len(lanes) - len(shown)
    more = f'<p class="faint">… {amount(left, "more label")} with less time</p>' if left else ""
    return f'<div class="scroll">{drawing}</div>{more}'


def clock(seconds: float) -> str:
    """A time as people read it: ``2.5 s``, ``1:30``, ``10:00:00``."""
    if abs(seconds) < 60:
        return f"{round(seconds, 3):g} s"
    sign, whole = "-" if seconds < 0 else "", round(abs(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{sign}{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{sign}{minutes}:{whole % 60:02}"


def _longest(lanes: dict[str, list[Span]]) -> list[str]:
    """The lanes with the most time and spans, in their own order."""

    def weight(name: str) -> tuple[float, int]:
        return sum(span.end_s - span.start_s for span in lanes[name]), len(lanes[name])

    kept = set(sorted(lanes, key=weight, reverse=True)[:MOST_LANES])
    return [name for name in lanes if name in kept]


class _Axis:
    """From seconds to places, from 0 on where that is near."""

    def __init__(self, start_s: float, end_s: float) -> None:
        length_s = end_s - start_s
        self.start_s = 0.0 if 0 <= start_s <= length_s else start_s
        self.end_s = end_s if end_s > self.start_s else self.start_s + 1.0

    def __call__(self, seconds: float) -> float:
        return LEFT + (seconds - self.start_s) / (self.end_s - self.start_s) * (WIDTH - LEFT - RIGHT)

    def ticks(self, bottom: int) -> Iterator[str]:
        """Lines across all lanes, with their times."""
        length_s = self.end_s - self.start_s
        step_s = next((step for step in _STEPS_S if length_s / step <= _MOST_TICKS), max(_FAR_S, length_s / 4))
        first = int(np.ceil(self.start_s / step_s))
        for number in range(first, first + _MOST_TICKS + 1):
            if (at_s := number * step_s) > self.end_s:
                return
            x = self(at_s)
            yield f'<path d="M{x:.1f} 0V{bottom + 4}" stroke="currentColor" stroke-opacity=".2"/>'
            is_last = x > WIDTH - 40
            anchor = "end" if is_last else "middle"
            place = f'x="{WIDTH - 2 if is_last else x:.1f}" y="{bottom + 17}" text-anchor="{anchor}"'
            yield f'<text {place} font-size="11" fill-opacity=".7">{clock(at_s)}</text>'


def _name(name: str, top: int) -> str:
    full = f"<title>{words(name)}</title>" if cut(name, _LANE_LETTERS) != name else ""
    place = f'x="{LEFT - 10}" y="{top + 14}" text-anchor="end"'
    return f"<text {place}>{full}{words(cut(name, _LANE_LETTERS))}</text>"


def _titled(spans: Sequence[Span], axis: _Axis, top: int, colour: str) -> Iterator[str]:
    """A shape for each, in turns of two shades, so that neighbours that touch are two."""
    for index, span in enumerate(sorted(spans, key=lambda span: span.start_s)):
        x, width = axis(span.start_s), max(3.0, axis(span.end_s) - axis(span.start_s))
        shade = 0.62 if index % 2 and span.end_s > span.start_s else 0.92
        yield (
            f'<rect x="{x:.1f}" y="{top + 4}" width="{width:.1f}" height="{LANE - 7}" rx="1.5" fill="{colour}" '
            f'fill-opacity="{shade}"><title>{words(span.words)}</title></rect>'
        )


def _whole(spans: Sequence[Span], axis: _Axis, top: int, colour: str) -> str:
    """Where any of many are, as one shape."""
    edges = np.zeros(WIDTH + 2, np.int64)
    for span in spans:
        edges[int(axis(span.start_s))] += 1
        edges[int(axis(span.end_s)) + 1] -= 1
    is_there = np.concatenate([[0], (np.cumsum(edges) > 0).astype(np.int8), [0]])
    turns = np.flatnonzero(np.diff(is_there)).reshape(-1, 2)
    height = LANE - 7
    d = "".join(f"M{first} {top + 4}h{last - first}v{height}h{first - last}z" for first, last in turns)
    name = f"{spans[0].lane}: {amount(len(spans), 'span')}"
    return f'<path d="{d}" fill="{colour}" fill-opacity=".9"><title>{words(name)}</title></path>'

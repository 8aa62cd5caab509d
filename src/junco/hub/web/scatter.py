"""Speed and quality as a picture: what is measured, with its intervals, as SVG without styles of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 24, 30, 42
_MOST_LABELS, _LONGEST = 20, 24
_LETTER = 8.2
"""Its width where the picture is narrow, and its letters are drawn larger."""
_BAR = 96
_LABEL = Markup('<text class="label {}" x="{:.1f}" y="{:.1f}">{}</text>')
SHAPES = ("circle", "square", "diamond", "triangle")
"""Of points: one for each machine, as speeds of two machines are not compared by the eye."""


@dataclass(frozen=True, slots=True)
class Point:
    """A member: items a second, and a measure with its interval."""

    name: str
    speed: float
    mean: float
    low: float
    high: float
    shape: str


_Placed = tuple[Point, float, float, tuple[float, float]]
"""A point, where it stands, and the ends of its interval."""


def shapes(machines: Sequence[str]) -> dict[str, str]:
    """A shape for each machine; more than there are shapes share the last."""
    return {name: SHAPES[min(place, len(SHAPES) - 1)] for place, name in enumerate(machines)}


def mark(shape: str, x: float = 7, y: float = 7, size: float = 5) -> Markup:
    """A shape around a point."""
    if shape == "circle":
        return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, size)
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.2), (1.15, 0.9), (-1.15, 0.9)),
    }[shape]
    points = " ".join(f"{x + dx * size:.1f},{y + dy * size:.1f}" for dx, dy in corners)
    return Markup('<polygon points="{}"/>').format(points)


def symbol(shape: str) -> Markup:
    """A shape within a line of text."""
    return Markup('<svg class="symbol" viewBox="0 0 14 14" aria-hidden="true">{}</svg>').format(mark(shape))


def interval(low: float, mean: float, high: float, scale: tuple[float, float]) -> Markup:
    """A measure and its interval on a scale; what it says stands beside it as numbers."""
    span = (scale[1] - scale[0]) or 1.0
    at = [4 + (value - scale[0]) / span * (_BAR - 8) for value in (low, mean, high)]
    return Markup(
        '<svg class="interval" viewBox="0 0 {0} 12" aria-hidden="true"><path class="axis" d="M0 6H{0}"/>'
        '<path class="range" d="M{1:.1f} 6H{3:.1f}M{1:.1f} 3V9M{3:.1f} 3V9"/><circle cx="{2:.1f}" cy="6" r="3"/></svg>'
    ).format(_BAR, *at)


def scatter(points: Sequence[Point]) -> Markup | None:
    """Points by speed (doubling steps) and quality; ``None`` where fewer than two could be compared."""
    if len(points) < 2:
        return None
    ticks = _speeds([point.speed for point in points])
    low, high = min(point.low for point in points), max(point.high for point in points)
    room = (high - low) * 0.08 or 0.05 * max(1.0, abs(high))
    levels = _levels(low - room, high + room)

    def x(speed: float) -> float:
        first, last = math.log10(ticks[0]), math.log10(ticks[-1])
        return _LEFT + (math.log10(speed) - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - levels[0]) / (levels[-1] - levels[0]) * (_HEIGHT - _TOP - _BOTTOM)

    grid = [
        Markup('<path class="grid" d="M{} {:.1f}H{}"/><text class="tick end" x="{}" y="{:.1f}">{:g}</text>').format(
            _LEFT, y(level), _WIDTH - _RIGHT, _LEFT - 8, y(level) + 4, level
        )
        for level in levels
    ] + [
        Markup(
            '<path class="grid" d="M{0:.1f} {1}V{2}"/><text class="tick middle" x="{0:.1f}" y="{3}">{4:g}</text>'
        ).format(x(speed), _TOP, _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM + 17, speed)
        for speed in ticks
    ]
    placed = [(point, x(point.speed), y(point.mean), (y(point.high), y(point.low))) for point in points]
    drawn = [_drawn(*each) for each in placed]
    return Markup("").join([*grid, *drawn, *_labels(placed)])


def _drawn(point: Point, x: float, y: float, bar: tuple[float, float]) -> Markup:
    return Markup(
        '<path class="range" d="M{0:.1f} {1:.1f}V{2:.1f}"/><g class="point {3}">{4}<title>{5}</title></g>'
    ).format(x, *bar, point.shape, mark(point.shape, x, y), point.name)


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _labels(placed: Sequence[_Placed]) -> list[Markup]:
    """Names beside points, the best first, on the side where they cover nothing; none where there is no room."""
    taken = [_Box(x - 7, x + 7, y - 7, y + 7) for _, x, y, _ in placed]
    taken += [_Box(x - 1, x + 1, *bar) for _, x, _, bar in placed]
    found: list[Markup] = []
    for point, x, y, _ in sorted(placed, key=lambda each: -each[0].mean)[:_MOST_LABELS]:
        text = point.name.rpartition("/")[2]
        text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        width = _LETTER * len(text)
        for drop, side in ((0, ""), (0, "end"), (-14, ""), (-14, "end"), (14, ""), (14, "end")):
            at = x - 10 if side else x + 10
            left = at - width if side else at
            box = _Box(left, left + width, y + drop - 7, y + drop + 7)
            if box.left >= _LEFT and box.right <= _WIDTH and not any(box.meets(other) for other in taken):
                taken.append(box)
                found.append(_LABEL.format(side, at, y + drop + 4, text))
                break
    return found


def _speeds(speeds: Sequence[float]) -> list[float]:
    """Round speeds that all stand between: 1, 2, 5, 10 …; every one of them, or tens alone where there are many."""
    first, last = math.floor(math.log10(min(speeds))), math.ceil(math.log10(max(speeds)))
    every = [step * 10.0**power for power in range(first - 1, last + 1) for step in (1, 2, 5)]
    begin = max(place for place, each in enumerate(every) if each <= min(speeds))
    end = min(place for place, each in enumerate(every) if each >= max(speeds) and place > begin)
    some = every[begin : end + 1]
    if len(some) <= 7:
        return some
    tens = [10.0**power for power in range(first, last + 1)]
    return tens if len(tens) > 1 else some


def _levels(low: float, high: float) -> list[float]:
    """Four to seven round values that all stand between."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 10) for number in range(first, last + 1)]

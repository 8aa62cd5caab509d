"""Numbers with their intervals, drawn: each before and after beside each other, and differences beside zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from junco.pages.chart import chart, legend, swatch
from junco.pages.letters import cut
from junco.pages.style import words
from junco.pages.ticks import Axis

WIDTH, NAME, RIGHT = 420, 92, 14
ROW, FOOT = 30, 22
_NAME_LETTERS = 13


class Interval(NamedTuple):
    """A number, and where it may be."""

    mean: float
    low: float
    high: float

    @property
    def is_there(self) -> bool:
        """Whether all are numbers."""
        return all(map(math.isfinite, self))


def before_after(rows: Mapping[str, tuple[Interval, Interval]]) -> str:
    """Each measure before, hollow, and after, filled, over one axis.

    Args:
        rows: by the measure's name.
    """
    axis = _axis(chain.from_iterable(rows.values()))
    shapes: list[str] = []
    for number, (before, after) in enumerate(rows.values()):
        shapes += _whisker(before, axis, _middle(number) - 5, "before")
        shapes += _whisker(after, axis, _middle(number) + 5, "after")
    names = [swatch("before", "currentColor", hollow=True), swatch("after", "var(--accent)")]
    return _drawing("before and after, with intervals", list(rows), axis, shapes, legend(names))


def differences(rows: Mapping[str, Interval]) -> str:
    """Each difference over one axis with zero in it; one whose interval does not reach zero is told by its colour."""
    axis = _axis(rows.values(), zero=True)
    line = f'<path d="M{axis(0):.1f} 0V{ROW * len(rows)}" stroke="currentColor" stroke-opacity=".55"/>'
    shapes = [line]
    for number, gain in enumerate(rows.values()):
        look = "up" if gain.low > 0 else "down" if gain.high < 0 else "before"
        shapes += _whisker(gain, axis, _middle(number), look)
    return _drawing("difference, with interval", list(rows), axis, shapes)


def _middle(number: int) -> float:
    return ROW * (number + 0.5)


def _axis(intervals: Iterable[Interval], *, zero: bool = False) -> Axis:
    values = [value for each in intervals if each.is_there for value in each]
    return Axis.around([*values, *([0.0] if zero else [])], NAME, WIDTH - RIGHT, least=0.05)


def _drawing(title: str, names: Sequence[str], axis: Axis, shapes: Sequence[str], beneath: str = "") -> str:
    bottom = ROW * len(names)
    grid = [
        f'<path d="M{axis(value):.1f} 0V{bottom}" stroke="currentColor" stroke-opacity=".14"/>'
        f'<text x="{axis(value):.1f}" y="{bottom + 16}" text-anchor="middle">{text}</text>'
        for value, text in axis.ticks(5)
    ]
    said = [
        f'<text x="{NAME - 8}" y="{_middle(number) + 4:.1f}" text-anchor="end">{words(cut(name, _NAME_LETTERS))}</text>'
        for number, name in enumerate(names)
    ]
    return chart(title, (WIDTH, bottom + FOOT), [*grid, *said, *shapes], beneath=beneath)


def _whisker(each: Interval, axis: Axis, y: float, look: str) -> Iterator[str]:
    """An interval as a line, its number as a spot on it."""
    if not each.is_there:
        return
    low, high, mean = axis(each.low), axis(each.high), axis(each.mean)
    colour = {"before": "currentColor", "down": "var(--down)"}.get(look, "var(--accent)")
    faint = ' stroke-opacity=".6"' if look == "before" else ""
    hollow = f'fill="none" stroke="{colour}" stroke-width="1.6"'
    spot = hollow if look == "before" else f'fill="{colour}"'
    title = f"<title>{each.mean:.3f} [{each.low:.3f}, {each.high:.3f}]</title>"
    ends = f"M{low:.1f} {y - 3:.1f}v6M{high:.1f} {y - 3:.1f}v6"
    if look == "before":  # the line does not go through a hollow spot
        line = f"M{low:.1f} {y:.1f}H{max(low, mean - 4):.1f}M{min(high, mean + 4):.1f} {y:.1f}H{high:.1f}{ends}"
    else:
        line = f"M{low:.1f} {y:.1f}H{high:.1f}{ends}"
    yield f'<path d="{line}" stroke="{colour}" stroke-width="1.6"{faint} fill="none"/>'
    yield f'<circle cx="{mean:.1f}" cy="{y:.1f}" r="4" {spot}>{title}</circle>'

"""Curves over one axis as SVG that follows the colours and letters around it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from junco.pages.chart import chart, legend
from junco.pages.colours import ON_PAGES
from junco.pages.style import words
from junco.pages.ticks import Axis

WIDTH, HEIGHT = 420, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 12, 24
MOST_POINTS = 240
"""Of a curve; of more the means of neighbours are drawn."""
_MOST_DOTS = 25
_DASHES = ("", "7 3", "2 3", "9 3 2 3")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve: its name and its points, from left to right; those that are no numbers are left out."""

    name: str
    points: Sequence[Point]


def curves(
    title: str, shown: Sequence[Curve], x: str, mark: tuple[float, str] | None = None, *, zero: bool = False
) -> str:
    """Some curves over one axis, with their names beneath; nothing where none has two points.

    Args:
        title: plain text.
        shown: the curves.
        x: what the axis counts.
        mark: a place on the axis, and what is there.
        zero: numbers are shown from zero on.
    """
    finite = [Curve(each.name, thinned(_finite(each.points))) for each in shown]
    finite = [each for each in finite if len(each.points) > 1]
    if not finite:
        return ""
    across, up = _axes([point for each in finite for point in each.points], zero=zero)
    lines = (_curve(number, each, across, up) for number, each in enumerate(finite))
    drawn = [*_grid(across, up), *_marked(mark, across), *lines]
    names = [_name(number, each.name) for number, each in enumerate(finite)] if len(finite) > 1 else []
    about = f"{title}: {', '.join(each.name for each in finite)} by {x}"
    return chart(title, (WIDTH, HEIGHT), drawn, said=f"by {x}", about=about, beneath=legend(names))


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """No more than ``most`` points: the means of neighbours."""
    if len(points) <= most:
        return list(points)
    edges = [round(number * len(points) / most) for number in range(most + 1)]
    parts = [points[first:last] for first, last in pairwise(edges)]
    return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in parts]


def _finite(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if all(map(math.isfinite, point))]


def _axes(points: Sequence[Point], *, zero: bool) -> tuple[Axis, Axis]:
    firsts, lasts = [x for x, _ in points], [y for _, y in points]
    across = Axis(min(firsts), max(min(firsts) + 1e-9, *firsts), LEFT, WIDTH - RIGHT)
    return across, Axis.around([*lasts, *([0.0] if zero else [])], HEIGHT - BOTTOM, TOP)


def _grid(across: Axis, up: Axis) -> Iterator[str]:
    for value, text in up.ticks():
        y = up(value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".14"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
    for value, text in across.ticks(6):
        if value == int(value):  # steps and epochs are whole
            x = across(value)
            anchor = "end" if x > WIDTH - RIGHT - 12 else "middle"
            yield f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{text}</text>'


def _marked(mark: tuple[float, str] | None, across: Axis) -> Iterator[str]:
    if mark is not None and across.low <= mark[0] <= across.high:
        x = across(mark[0])
        anchor, shift = ("end", -4) if x > WIDTH / 2 else ("start", 4)
        line = f"M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"
        yield f'<path d="{line}" stroke="currentColor" stroke-opacity=".5" stroke-dasharray="3 3"/>'
        yield f'<text x="{x + shift:.1f}" y="{HEIGHT - BOTTOM - 5}" text-anchor="{anchor}">{words(mark[1])}</text>'


def _curve(number: int, curve: Curve, across: Axis, up: Axis) -> str:
    places = [(across(x), up(y)) for x, y in curve.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    colour, dash = _look(number)
    dots = ""
    if len(places) <= _MOST_DOTS:
        dots = "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}">'
            f"<title>{words(curve.name)} {value:.4g}</title></circle>"
            for (x, y), (_, value) in zip(places, curve.points, strict=True)
        )
    return f'<path d="M{path}" stroke="{colour}" stroke-width="1.8"{dash} fill="none" stroke-linejoin="round"/>{dots}'


def _look(number: int) -> tuple[str, str]:
    """Each curve has a colour and a dash of its own, so that colours alone need not tell them apart."""
    dash = _DASHES[number % len(_DASHES)]
    return ON_PAGES[number % len(ON_PAGES)], f' stroke-dasharray="{dash}"' if dash else ""


def _name(number: int, name: str) -> str:
    colour, dash = _look(number)
    line = f'<path d="M0 5H28" stroke="{colour}" stroke-width="2.4"{dash}/>'
    return f'<span class="swatch long"><svg viewBox="0 0 28 10" aria-hidden="true">{line}</svg>{words(name)}</span>'

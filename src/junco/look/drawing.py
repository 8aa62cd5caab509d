"""The map as a picture: rows as points, some as small pictures; a click on the ground goes nearer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.answers.brought import own_text
from junco.answers.cards import short_name
from junco.answers.hits import Hit
from junco.look.frame import Frame
from junco.look.query import number_of
from junco.pages.letters import cut
from junco.pages.style import words

WIDTH, HEIGHT = 1200, 800
MOST_POINTS = 1_500
"""In view; of more, so many are drawn, and that is said."""
MOST_ZOOM = 10
_SIDE = 64
_CELLS = 6
_NAME_LETTERS, _LABEL_LETTERS = 120, 22
_WHOLE = 1_000_000
"""Parts of the map that places in addresses are counted in."""


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the map is seen: its middle, in `_WHOLE` parts, and how often it is doubled."""

    x: int = _WHOLE // 2
    y: int = _WHOLE // 2
    zoom: int = 0

    @classmethod
    def of(cls, get: Callable[[str, str], str]) -> View:
        """Out of an address.

        Raises:
            InputError: it is none that the map leads to.
        """
        middle = str(_WHOLE // 2)
        x, y = (number_of(get(name, middle), 0, _WHOLE) for name in ("x", "y"))
        return cls(x, y, number_of(get("zoom", "0"), 0, MOST_ZOOM))

    def pairs(self, by: str) -> list[tuple[str, str]]:
        """As an address holds it."""
        return [("by", by), ("x", str(self.x)), ("y", str(self.y)), ("zoom", str(self.zoom))]

    def moved(self, right: float, down: float, zoom: int = 0) -> View:
        """The view so many of its own sizes further, and nearer."""
        nearer = min(MOST_ZOOM, max(0, self.zoom + zoom))
        half = _WHOLE / 2 ** (nearer + 1)
        at = (self.x + right * _WHOLE / 2**self.zoom, self.y + down * _WHOLE / 2**self.zoom)
        x, y = (round(min(max(each, half), _WHOLE - half)) for each in at)
        return View(x, y, nearer)

    def within(self, places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Places of the map as places of this view, from 0 to 1 where they are seen."""
        middle = np.array([self.x, self.y], np.float32) / _WHOLE
        return np.asarray((places - middle) * 2.0**self.zoom + 0.5, np.float32)


def in_view(places: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.intp], int]:
    """The rows that are drawn, and how many there are in view."""
    inside = np.flatnonzero(((places >= 0) & (places <= 1)).all(axis=1))
    if len(inside) <= MOST_POINTS:
        return inside, len(inside)
    return np.sort(np.random.default_rng(0).choice(inside, MOST_POINTS, replace=False)), len(inside)


def drawing(
    frame: Frame,
    view: View,
    by: str,
    hits: Sequence[Hit],
    places: npt.NDArray[np.float32],
    colours: Mapping[int, str],
    is_pictured: Callable[[Hit], bool],
) -> str:
    """The map as SVG.

    Args:
        frame: for addresses.
        view: of the map.
        by: what rows are coloured by.
        hits: the rows that are drawn.
        places: (rows, 2) in the view, of the same rows.
        colours: of rows, by their numbers.
        is_pictured: whether there is a small picture of a row.
    """
    ground = "".join(_ground(frame, view, by))
    points: list[str] = []
    large: list[str] = []
    taken: list[tuple[float, float]] = []
    for hit, (x, y) in zip(hits, (places * (WIDTH, HEIGHT)).tolist(), strict=True):
        colour = colours.get(hit.row, "currentColor")
        draw = _picture if is_pictured(hit) else _named
        wide, high = _APART[draw]
        is_free = all(abs(x - left) > wide or abs(y - top) > high for left, top in taken)
        if is_free:
            taken.append((x, y))
            large.append(_link(frame, hit, draw(frame, hit, x, y, colour)))
        else:
            points.append(_link(frame, hit, _point(frame, hit, x, y, colour)))
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="map of {len(hits):,} rows">'
        f"{ground}{''.join(points)}{''.join(large)}</svg>"
    )


def _ground(frame: Frame, view: View, by: str) -> Iterator[str]:
    """Cells that lead to a nearer view around them."""
    if view.zoom >= MOST_ZOOM:
        return
    wide, high = WIDTH / _CELLS, HEIGHT / _CELLS
    for row in range(_CELLS):
        for column in range(_CELLS):
            there = view.moved((column + 0.5) / _CELLS - 0.5, (row + 0.5) / _CELLS - 0.5, 1)
            yield (
                f'<a href="{frame.at("map", there.pairs(by))}" tabindex="-1"><rect class="cell" x="{column * wide:g}" '
                f'y="{row * high:.5g}" width="{wide:g}" height="{high:.5g}"><title>nearer</title></rect></a>'
            )


def _link(frame: Frame, hit: Hit, shape: str) -> str:
    name = words(cut(_one_line(hit.key), _NAME_LETTERS))
    return f'<a href="{frame.at(f"row/{hit.row}")}"><title>{name}</title>{shape}</a>'


def _picture(frame: Frame, hit: Hit, x: float, y: float, colour: str) -> str:
    left, top = (min(max(at - _SIDE / 2, 2), most - _SIDE - 2) for at, most in ((x, WIDTH), (y, HEIGHT)))
    box = f'x="{left:.0f}" y="{top:.0f}" width="{_SIDE}" height="{_SIDE}"'
    return (
        f'<image href="{frame.at(f"thumb/{hit.row}")}" {box} preserveAspectRatio="xMidYMid slice"/>'
        f'<rect {box} fill="none" stroke="{colour}" stroke-width="3" rx="2"/>'
    )


def _named(frame: Frame, hit: Hit, x: float, y: float, colour: str) -> str:
    """A point with the beginning of its text, towards the middle."""
    own = own_text(hit)
    name = words(cut(_one_line(own if own is not None else Path(hit.key).name), _LABEL_LETTERS))
    side, at = ("end", x - 10) if x > WIDTH * 0.8 else ("start", x + 10)
    label = f'<text x="{at:.1f}" y="{y + 5:.1f}" font-size="15" text-anchor="{side}">{name}</text>'
    return f"{_point(frame, hit, x, y, colour)}{label}"


def _point(frame: Frame, hit: Hit, x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>'


_APART = {_picture: (56, 56), _named: (190, 22)}
"""How far pictures and names are from each other; rows between them are points."""


def _one_line(text: str) -> str:
    return " ".join(short_name(text[: 4 * _NAME_LETTERS]).split())


def controls(frame: Frame, view: View, by: str) -> str:
    """Links nearer, away and aside."""
    steps: dict[str, tuple[float, float, int]] = {"nearer": (0, 0, 1), "away": (0, 0, -1)}
    steps |= {"left": (-0.5, 0, 0), "right": (0.5, 0, 0), "up": (0, -0.5, 0), "down": (0, 0.5, 0)}
    links = []
    for name, (right, down, zoom) in steps.items():
        there = view.moved(right, down, zoom)
        is_same = there == view
        links.append(
            f'<span class="faint">{name}</span>'
            if is_same
            else f'<a href="{frame.at("map", there.pairs(by))}">{name}</a>'
        )
    return f'<nav class="pages" aria-label="move the map">{" ".join(links)}</nav>'


def legend(names: Sequence[tuple[str, str, Any]]) -> str:
    """What the colours stand for: names, colours, how many rows."""
    items = [
        f'<span class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="{colour}"/>'
        f'</svg><bdi>{words(cut(name, 40))}</bdi> <span class="faint">{count:,}</span></span>'
        for name, colour, count in names
    ]
    return f'<p class="legend">{" ".join(items)}</p>' if items else ""

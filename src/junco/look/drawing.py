"""The map as a picture: rows as points, some as small pictures; a click on the ground goes nearer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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
_PICTURE, _PICTURES_ACROSS, _PICTURES_DOWN = 64, 14, 9
_CELLS = 6
_NAME_LETTERS = 120
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
    pictures: list[str] = []
    taken: set[tuple[int, int]] = set()
    for hit, (x, y) in zip(hits, places.tolist(), strict=True):
        cell = (int(x * _PICTURES_ACROSS), int(y * _PICTURES_DOWN))
        is_first = cell not in taken and is_pictured(hit)
        if is_first:
            taken.add(cell)
        colour = colours.get(hit.row, "currentColor")
        (pictures if is_first else points).append(
            _point(frame, hit, x * WIDTH, y * HEIGHT, colour, is_picture=is_first)
        )
    label = f"map of {len(hits):,} rows"
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{label}">'
        f"{ground}{''.join(points)}{''.join(pictures)}</svg>"
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


def _point(frame: Frame, hit: Hit, x: float, y: float, colour: str, *, is_picture: bool) -> str:
    name = words(cut(" ".join(short_name(hit.key).split()), _NAME_LETTERS))
    if is_picture:
        left, top = (min(max(at - _PICTURE / 2, 1), most - _PICTURE - 1) for at, most in ((x, WIDTH), (y, HEIGHT)))
        box = f'x="{left:.0f}" y="{top:.0f}" width="{_PICTURE}" height="{_PICTURE}"'
        shape = (
            f'<image href="{frame.at(f"thumb/{hit.row}")}" {box} preserveAspectRatio="xMidYMid slice"/>'
            f'<rect {box} fill="none" stroke="{colour}" stroke-width="3" rx="2"/>'
        )
    else:
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>'
    return f'<a href="{frame.at(f"row/{hit.row}")}"><title>{name}</title>{shape}</a>'


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

"""Items on a plane as SVG: a point each, coloured by its label; those that stand out have a ring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from junco.pages.chart import chart
from junco.pages.letters import amount
from junco.pages.style import words

WIDTH, HEIGHT = 420, 320
MOST_POINTS = 1_500
OTHER = "#8a8f98"
"""Of labels that have no colour."""


def scatter(
    title: str,
    places: npt.NDArray[np.float32],
    labels: Sequence[str],
    names: Sequence[str],
    colours: Mapping[str, str],
    ringed: Collection[int] = (),
) -> str:
    """A point for each item.

    Args:
        title: plain text.
        places: (n, 2), from 0 to 1.
        labels: of each.
        names: of each, which are seen where a pointer rests.
        colours: of labels.
        ringed: numbers of the items that stand out.
    """
    rows = np.unique(np.linspace(0, len(places) - 1, min(len(places), MOST_POINTS)).astype(np.intp)).tolist()
    radius = 4.5 if len(rows) <= 300 else 2.8
    points = [
        _point(places[row], names[row], labels[row], colours.get(labels[row], OTHER), radius, row in ringed)
        for row in rows
    ]
    left = f"{amount(len(places) - len(rows), 'more item')} not drawn" if len(rows) < len(places) else ""
    about = f"{title}: {amount(len(rows), 'item')} on a plane"
    return chart(title, (WIDTH, HEIGHT), [_GROUND, *points], said=left, about=about)


_GROUND = (
    f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6" fill="none" stroke="currentColor" '
    'stroke-opacity=".16"/>'
)


def _point(place: npt.NDArray[np.float32], name: str, label: str, colour: str, radius: float, is_ringed: bool) -> str:
    x, y = float(place[0]) * WIDTH, float(place[1]) * HEIGHT
    ring = ' stroke="currentColor" stroke-width="1.4"' if is_ringed else ' stroke="none"'
    title = f"<title>{words(label)}: {words(name)}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}" fill-opacity=".85"{ring}>{title}</circle>'

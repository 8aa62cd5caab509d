"""The map of a set as markup: rows on their plane, coloured by a column or by clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError, JuncoError
from junco.look.drawing import View, controls, drawing, in_view, legend
from junco.look.exchange import Request
from junco.look.frame import Frame
from junco.look.grouped import COUNT
from junco.look.looked import Looked
from junco.look.thumbs import is_pictured
from junco.pages.colours import ON_PAGES
from junco.pages.letters import amount
from junco.pages.style import words

OTHER = "#8a8f98"
"""Of values beyond those that have a colour."""
CLUSTERS = "clusters"
_NUM_CLUSTERS = min(COUNT, len(ON_PAGES))

Key = tuple[str, str, int]
"""Of the legend: a name, its colour, how many rows."""


def mapped(looked: Looked, frame: Frame, request: Request) -> str:
    """The page of the map.

    Raises:
        InputError: an address that no page of ours leads to.
    """
    if not len(looked.found):
        return '<p class="faint">there is nothing to show</p>'
    view, by = View.of(request.get), request.get("by", _first_colours())
    names = ["", CLUSTERS, *(choice.column for choice in looked.choices())]
    if by not in names:
        raise InputError(f"nothing can be coloured by {by[:80]!r}")
    plane = looked.plane()
    places = view.within(plane.places)
    numbers, count = in_view(places)
    why = ""
    try:
        colours, keys = _coloured(looked, by, numbers)
    except JuncoError as error:
        colours, keys, why = {}, [], f'<p class="fail" role="alert">{words(str(error))}</p>'
    hits = looked.found.rows(numbers.tolist())
    shown = drawing(frame, view, by, hits, places[numbers], colours, partial(is_pictured, sources=looked.sources))
    drawn = f", of which {len(numbers):,} are drawn" if len(numbers) < count else ""
    told = (
        f"{count:,} of {amount(len(looked.found), 'row')} are in view{drawn}. "
        f"The two directions in which rows differ most show {plane.share:.0%} of what tells them apart; "
        "crowded parts have more room. "
        "A click on a row shows it and those like it, one beside it goes nearer."
    )
    above = f"{_form(frame, view, by, names)}{why}{controls(frame, view, by)}{legend(keys)}"
    return f'{above}{shown}<p class="faint">{told}</p>'


def _first_colours() -> str:
    """Clusters, where what finds them is installed."""
    return CLUSTERS if find_spec("sklearn") else ""


def _form(frame: Frame, view: View, by: str, names: Sequence[str]) -> str:
    options = "".join(
        f'<option value="{words(name)}"{" selected" * (name == by)}>{words(name or "one colour")}</option>'
        for name in names
    )
    kept = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in view.pairs("")[1:])
    select = f'<label>coloured by <select name="by">{options}</select></label>'
    return f'<form class="of-groups" action="{frame.at("map")}">{select}{kept} <button>show</button></form>'


def _coloured(looked: Looked, by: str, numbers: npt.NDArray[np.intp]) -> tuple[Mapping[int, str], list[Key]]:
    """A colour for each row that is drawn, and what the colours stand for."""
    if not by:
        return dict.fromkeys(numbers.tolist(), "var(--accent)"), []
    if by == CLUSTERS:
        labels = np.full(len(looked.found), -1)
        for label, (rows, _) in enumerate(looked.clusters(_NUM_CLUSTERS)):
            labels[rows] = label
        names: list[tuple[Any, str]] = [(label, f"cluster {label + 1}") for label in range(labels.max() + 1)]
        values = labels[numbers].tolist()
        counts = {label: int((labels == label).sum()) for label, _ in names}
    else:
        choice = next(choice for choice in looked.choices() if choice.column == by)
        names = [(value, value) for value, _ in choice.values]
        values, counts = looked.values(by, numbers), dict(choice.values)
    palette = {value: ON_PAGES[at] if at < len(ON_PAGES) else OTHER for at, (value, _) in enumerate(names)}
    keys = [(name, palette[value], counts[value]) for value, name in names[: len(ON_PAGES)]]
    if others := sum(counts[value] for value, _ in names[len(ON_PAGES) :]):
        keys.append(("others", OTHER, others))
    colours = {row: palette.get(value, OTHER) for row, value in zip(numbers.tolist(), values, strict=True)}
    return colours, keys

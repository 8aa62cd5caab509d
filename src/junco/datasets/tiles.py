"""Items side by side on a page: pictures, players, beginnings of texts, each with what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from junco.pages.media import Media
from junco.pages.style import words
from junco.tuning.shown import Shown

_ITEMS = ("image", "audio", "video", "path", "text")
SIDE = 150


def tile(item: Any, said: str, title: str, shown: Shown, side: int = SIDE) -> str:
    """One item with a line beneath.

    Args:
        item: what a pipeline takes.
        said: the line.
        title: what the item is called, where one points at it.
        shown: of the page.
        side: of a picture, the longest in pixels.
    """
    line = f'<bdi class="place">{words(said)}</bdi>' if said else ""
    return f'<div class="row" title="{words(title)}">{shown.small(item, side)}{line}</div>'


def tiles(inner: Iterable[str], look: str = "tiles") -> str:
    """Several of them; nothing where there are none."""
    found = "".join(inner)
    return f'<div class="rows {look}">{found}</div>' if found else ""


def tiles_of_rows(rows: Sequence[Mapping[str, Any]], side: int = SIDE) -> str:
    """Rows of a data set: the item of each, with its other values in a line."""
    shown = Shown(Media())
    return tiles(_of_row(row, shown, side) for row in rows)


def _of_row(row: Mapping[str, Any], shown: Shown, side: int) -> str:
    name = next((each for each in _ITEMS if each in row), next(iter(row)))
    others = [str(value) for key, value in row.items() if key != name and isinstance(value, (str, int, float))]
    return tile(_whole(row[name]), " · ".join(others)[:80], str(name), shown, side)


def _whole(value: Any) -> Any:
    """A cell as Hugging Face's data sets write it, as the pixels or the sound in it; all else as it is."""
    from junco.errors import JuncoError
    from junco.operator.spec import OperatorSpec
    from junco.places.cell import has_bytes

    if not (isinstance(value, Mapping) and has_bytes(value)):
        return value
    for name in ("image-decode.pil", "audio-decode.av"):
        try:
            return OperatorSpec.named(name, {}).create()(value)
        except JuncoError:
            continue
    return str(value.get("path") or "")

"""What an item of a source is for a pipeline."""

from __future__ import annotations

from typing import Any

from junco.errors import JuncoError
from junco.job.item import Item
from junco.job.wanted import Told
from junco.wording import brief


def item_value(item: Item, told: Told) -> Any:
    """What goes into the pipeline; ``None``, once it was told why, where it cannot be read."""
    if item.read is None:
        return item.value
    try:
        return item.read()
    except (JuncoError, OSError) as error:
        told(f"{item.key} cannot be read, and is left out: {brief(error)}")
        return None

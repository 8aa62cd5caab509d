"""Models that are published outside the hub: the newest, and how many each year by family."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from junco.errors import JuncoError
from junco.known_models.listing import known_models
from junco.known_models.model import KnownModel

_MOST = 20
_YEARS = 8


@dataclass(frozen=True, slots=True)
class Outside:
    """What is shown of the world.

    Attributes:
        newest: models with a date, the newest first.
        years: of families how many were published in each of the last years, the oldest first; those with most first.
        since: the first of these years.
        total: of all models that are known.
    """

    newest: tuple[KnownModel, ...]
    years: tuple[tuple[str, list[int]], ...]
    since: int
    total: int


def outside(family: str | None = None) -> Outside:
    """What is known of models elsewhere, of a family or of all; nothing where a list cannot be read."""
    try:
        models = known_models(family)
    except JuncoError:
        models = ()
    since = time.gmtime().tm_year - _YEARS + 1
    dated = [model for model in models if model.published]
    newest = sorted(dated, key=lambda model: (model.published or "", model.name), reverse=True)
    return Outside(tuple(newest[:_MOST]), tuple(_years(dated, since)), since, len(models))


def _years(dated: Sequence[KnownModel], since: int) -> list[tuple[str, list[int]]]:
    counted = Counter((model.family, int((model.published or "0")[:4])) for model in dated)
    families = Counter(model.family for model in dated)
    every = [(name, [counted[name, since + year] for year in range(_YEARS)]) for name, _ in families.most_common()]
    return [(name, each) for name, each in every if any(each)]

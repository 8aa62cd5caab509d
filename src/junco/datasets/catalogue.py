"""The catalogue: data sets as `entries` tells of them, found by name, modality, task and licence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from junco.datasets.card import MODALITIES, TERMS, UNKNOWN, DataCard
from junco.errors import ParameterError, UnknownNameError
from junco.graph.yaml_text import parse, plain
from junco.wording import did_you_mean, nearest

FILES = ("image", "text", "audio", "video", "cross-modal")
"""Of `entries`, by modality."""
_LISTS = ("modalities", "tasks", "languages", "cautions")


def cards(
    *, modality: str | None = None, task: str | None = None, licence: str | None = None, here: bool = False
) -> list[DataCard]:
    """The data sets of the catalogue.

    Args:
        modality: ``image``, ``text``, ``audio``, ``video``, or ``cross-modal`` for those of several.
        task: what they are made for.
        licence: its name or a part of it, as ``cc-by``, or ``open`` for those of open terms.
        here: those alone that packages bring, so that no hub is needed.

    Raises:
        ParameterError: there is no such modality or task.
    """
    _check("modality", modality, (*MODALITIES, "cross-modal"))
    _check("task", task, sorted({name for each in _all().values() for name in each.tasks}))
    return [
        each
        for each in _all().values()
        if (modality is None or modality in (*each.modalities, each.modality))
        and (task is None or task in each.tasks)
        and (licence is None or _has_licence(each, licence.casefold()))
        and (each.is_here or not here)
    ]


def find(name: str) -> DataCard:
    """A data set by its name; case and the sign between words do not matter.

    Raises:
        UnknownNameError: there is none of that name.
    """
    known = {_folded(key): card for key, card in _all().items()}
    if (found := known.get(_folded(name))) is None:
        raise UnknownNameError("data set", name, _all(), "'junco data list' lists all; OWNER/NAME is one of a hub.")
    return found


def is_named(name: str) -> bool:
    """Whether the catalogue has a data set of that name."""
    return _folded(name) in {_folded(key) for key in _all()}


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-").replace(" ", "-").replace("-", "")


def _has_licence(card: DataCard, licence: str) -> bool:
    return licence == card.terms or licence in card.licence.casefold()


def _check(what: str, given: str | None, known: Any) -> None:
    if given is not None and given not in known:
        near = did_you_mean(nearest(given, known, 1))
        raise ParameterError(f"there is no {what} {given!r}.{near} There are {', '.join(known)}")


@cache
def _all() -> dict[str, DataCard]:
    return {card.id: card for name in FILES for card in _read(name)}


def _read(name: str) -> Iterator[DataCard]:
    """The entries of one file, in its order."""
    text = files("junco.datasets").joinpath(f"entries/{name}.yaml").read_text("utf-8")
    for told in plain(parse(text, f"{name}.yaml")):
        card: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in told.items()}
        card["items"] = None if card["items"] == UNKNOWN else card["items"]
        found = DataCard(**card)
        assert found.terms in TERMS, found.id
        yield found

"""What there is, for people who look around: no operator is loaded, and a broken file does not hide the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from junco.catalog.sources import Location, locations, only_one
from junco.errors import JuncoError, UnknownNameError
from junco.graph.yaml_head import read_head
from junco.operator import registry
from junco.operator.family import Family


@dataclass(frozen=True, slots=True)
class Listing:
    """A pipeline as its file introduces it; ``error`` says why that could not be read."""

    name: str
    path: Path
    source: str
    family: str = ""
    description: str = ""
    license: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def pipelines(which: str | None = None) -> list[Listing]:
    """All pipelines that have a name, by name.

    Args:
        which: a family, for its members alone; or a pattern of names, ``"image*"``.

    Raises:
        UnknownNameError: no such family; with the nearest names.
    """
    known = registry.families("pipeline")
    is_pattern = which is not None and not {*which}.isdisjoint("*?[")
    if which is not None and not is_pattern and which not in known:
        raise UnknownNameError("pipeline family", which, known, "'junco families' lists them all.")
    wanted = [(name, found) for name, found in locations().items() if not is_pattern or fnmatchcase(name, which or "")]
    listings = [_listing(name, found) for name, found in wanted]
    return [listing for listing in listings if which is None or is_pattern or listing.family == which]


def pipeline_names(which: str | None = None) -> list[str]:
    """The names of all pipelines, ``junco.pipelines()``, of a family, or of those that a pattern fits: ``"image*"``.

    Raises:
        UnknownNameError: no such family; with the nearest names.
    """
    return [listing.name for listing in pipelines(which)]


def families() -> list[Family]:
    """All families, those of operators first, by name."""
    found = [*registry.families("operator").values(), *registry.families("pipeline").values()]
    return sorted(found, key=lambda family: (family.kind, family.name))


def _listing(name: str, found: tuple[Location, ...]) -> Listing:
    try:
        location = only_one(name, found)
        head = read_head(location.path)
    except JuncoError as error:
        return Listing(name, found[0].path, found[0].source, error=str(error))
    texts = {key: str(head.get(key) or "") for key in ("family", "description", "license")}
    params = head.get("params")
    return Listing(name, location.path, location.source, params=params if isinstance(params, dict) else {}, **texts)

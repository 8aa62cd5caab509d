"""Which installed package a module belongs to, and its version."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution: its name and version, and whether its code is edited in place.

    junco itself counts by its version, also where it is worked on: all that it is would be part of every operator.
    """

    name: str
    version: str
    is_editable: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@functools.cache
def package_of(module: str) -> Package | None:
    """The distribution that a module comes from; ``None`` for scripts, notebooks and Python's own library."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "__main__":
        return None
    place = getattr(sys.modules.get(top), "__file__", None)
    if top != "junco" and place and not {"site-packages", "dist-packages"} & set(Path(place).parts):
        return next((p for name in _distributions(top) if (p := _package(name)) is not None and p.is_editable), None)
    return next((p for name in _distributions(top) if (p := _package(name)) is not None), None)


def _distributions(top: str) -> list[str]:
    """Names of the distributions that bring a top-level package; most have its name, and all others take long."""
    try:
        importlib.metadata.distribution(top)
    except importlib.metadata.PackageNotFoundError:
        return _all_distributions().get(top, [])
    return [top]


@functools.cache
def _all_distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _package(name: str) -> Package | None:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    is_editable = bool(origin.get("dir_info", {}).get("editable")) and found.metadata["Name"] != "junco"
    return Package(found.metadata["Name"], found.version, is_editable)

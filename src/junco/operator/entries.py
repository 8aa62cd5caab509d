"""Entry points of installed packages: who brings what, whatever is wrong with somebody's metadata."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from junco.wording import brief, printable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

OURS = "junco"


def entries(group: str) -> tuple[EntryPoint, ...]:
    """All entry points of a group; a package whose metadata cannot be read is left out, and that is said."""
    found = _all_entries(tuple((folder, _changed_ns(folder)) for folder in sys.path))
    return tuple(entry for entry in found if entry.group == group)


@functools.lru_cache(maxsize=1)
def _all_entries(folders: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """Those of all packages in these folders, which are read again once a package came or went."""
    from importlib import metadata  # takes a while to import

    try:
        found = metadata.entry_points()
        return tuple(entry for group in found.groups for entry in found.select(group=group))
    except Exception:  # somebody's file: then they are read one by one
        return tuple(_one_by_one())


def _changed_ns(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


def _one_by_one() -> Iterable[EntryPoint]:
    from importlib import metadata

    for distribution in metadata.distributions():
        try:
            found = list(distribution.entry_points)
        except Exception as error:
            place = getattr(distribution, "_path", "somewhere")
            said = f"the entry points of the package at {place} are left out: {brief(error)}"
            warnings.warn(printable(said), stacklevel=2)
            continue
        yield from found


def name_of(entry: EntryPoint) -> str:
    """The distribution that brings it, as packages are compared: by its name, or where it lies; empty for none."""
    return (_said(entry, "name") or str(getattr(entry.dist, "_path", ""))).lower().replace("_", "-")


def is_ours(entry: EntryPoint) -> bool:
    """Whether junco itself brings it."""
    return name_of(entry) == OURS


def missing_module(entry: EntryPoint) -> str:
    """The module that it names and that is not there; empty where it is. Nothing is imported."""
    from importlib import machinery, util

    name, path = "", None
    try:
        for part in entry.value.partition(":")[0].strip().split("."):
            name = f"{name}.{part}" if name else part
            spec = machinery.PathFinder.find_spec(name, path) if path is not None else util.find_spec(name)
            if spec is None:
                return name
            path = spec.submodule_search_locations or []
    except KeyboardInterrupt:
        raise
    except BaseException:  # somebody's finder of modules: what it says is said when the module is used
        return ""
    return ""


def package(entry: EntryPoint) -> str:
    """The distribution and its version, as messages name it; else where it lies, or what the entry point says."""
    name = _said(entry, "name") or str(getattr(entry.dist, "_path", "")) or entry.value
    return printable(" ".join(filter(None, (name, _said(entry, "version")))))


def _said(entry: EntryPoint, what: str) -> str:
    """What a distribution's metadata say, which may lack it, or be none at all."""
    try:
        return str(getattr(entry.dist, what, None) or "")
    except Exception:
        return ""


def top(entry: EntryPoint) -> str:
    """The package that its module lies in."""
    return entry.value.partition(":")[0].partition(".")[0].strip()


def only_one_package(kind: str, name: str, brought: Iterable[EntryPoint]) -> str | None:
    """What to say where several packages bring one name: all of them, and the cure; ``None`` where one does."""
    each = {name_of(entry) or entry.value: entry for entry in brought}
    if len(each) < 2:
        return None
    listed = " and ".join(f"{package(entry)} ({printable(entry.value)})" for entry in each.values())
    strangers = [name for name in each if name != OURS]
    cure = f"pip uninstall {printable(strangers[0])}" if len(strangers) < len(each) else "uninstall one of them"
    return f"{len(each)} packages bring {kind} named {name!r}: {listed}. It is not known which is meant: {cure}"

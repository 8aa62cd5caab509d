"""Where pipelines lie: the user's folder, and installed packages.

The user's own folder, ``JUNCO_HOME/pipelines``, comes first: its ``name.yaml`` is the pipeline ``name``, also where a
package has one of that name. Packages come in by the entry points ``junco.pipelines``, each of which names a package
whose ``*.yaml`` files are pipelines by their stems. Among packages there is no order: two with one name clash, also
where the names differ by ``-`` and ``_`` or by upper and lower case alone.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from junco.errors import ContractError
from junco.operator.entries import entries, package
from junco.settings import settings
from junco.wording import brief, picture

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@dataclass(frozen=True, slots=True)
class Location:
    """The file of a pipeline and who brought it.

    Attributes:
        source: the distribution it belongs to (``junco 0.1.0``), or the folder it lies in.
    """

    name: str
    path: Path
    source: str


def locations() -> dict[str, tuple[Location, ...]]:
    """All named pipelines; more than one location for a name is a clash. Reads folders, no file."""
    found: dict[str, tuple[Location, ...]] = {}
    alike: dict[str, tuple[Location, ...]] = {}
    for location in _of_packages():
        others = found.get(location.name, ())
        if location.path not in {other.path for other in others}:
            found[location.name] = (*others, location)
            alike[_folded(location.name)] = (*alike.get(_folded(location.name), ()), location)
    for name, own in found.items():
        found[name] = (*own, *(o for o in alike[_folded(name)] if o.name != name and o.source != own[0].source))
    folder = settings().pipelines
    found.update({path.stem: (Location(path.stem, path, str(folder)),) for path in _yaml_files(folder)})
    return dict(sorted(found.items()))


def only_one(name: str, found: tuple[Location, ...]) -> Location:
    """The location of a pipeline.

    Raises:
        ContractError: several installed packages bring a pipeline of that name; the message names them.
    """
    if len(found) > 1:
        brought = " and ".join(f"{location.source} ({location.path})" for location in found)
        cure = "Uninstall one, or call it by its path"
        raise ContractError(f"{_count(found)} packages bring a pipeline named {name!r}: {brought}. {cure}")
    return found[0]


def _count(found: tuple[Location, ...]) -> str:
    return "two" if len(found) == 2 else str(len(found))


def _folded(name: str) -> str:
    return name.casefold().replace("_", "-")


def packages_left_out() -> list[str]:
    """What is wrong with packages whose pipelines cannot be looked for."""
    return [problem for entry in entries("junco.pipelines") if (problem := _of_package(entry)[1])]


def _of_packages() -> Iterator[Location]:
    for entry in entries("junco.pipelines"):
        found, problem = _of_package(entry)
        if problem:
            warnings.warn(problem, stacklevel=2)
        yield from found


def _of_package(entry: EntryPoint) -> tuple[list[Location], str]:
    """The pipelines of one package, or what is wrong with it."""
    source = package(entry)
    try:
        folders = list(_folders(entry))
        if not any(folder.is_dir() for folder in folders):
            raise FileNotFoundError(f"there is no package {entry.value!r}")
        return [Location(path.stem, path, source) for folder in folders for path in _yaml_files(folder)], ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever somebody's metadata and finders of modules do
        return (
            [],
            f"entry point {picture(entry.name)}: the pipelines of the package {source} are left out: {brief(error)}",
        )


def _folders(entry: EntryPoint) -> Iterator[Path]:
    """The folders of a package, found from its top so that no ``__init__`` runs: it may import anything."""
    top, *below = entry.value.split(".")
    spec = importlib.util.find_spec(top)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder).joinpath(*below)


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))

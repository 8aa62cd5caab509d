"""`check`: all that is wrong with a folder as an artefact. Nothing of it is run, imported or unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import ContractError
from junco.hub.artefact.card import problems_of_card, warnings_of_card
from junco.hub.artefact.contents import problems_of_file
from junco.hub.artefact.kinds import manifest_of
from junco.hub.artefact.manifests import check_manifest
from junco.hub.artefact.tree import Problem, paths_of
from junco.hub.signing.found import problems_of_signature
from junco.settings import user_path


@dataclass(frozen=True, slots=True)
class Checked:
    """A folder that was looked through.

    Attributes:
        folder: where it lies.
        kind: ``"tuned-operator"``, ``"pipeline"``, ``"operator"``, ``"family"``, ``"dataset"``; empty if nothing says.
        paths: of its files.
        told: what its manifest says.
        problems: all that is wrong, by file.
        warnings: what is better mended before it is shared, and need not be.
    """

    folder: Path
    kind: str
    paths: tuple[str, ...]
    told: dict[str, Any]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    def refuse(self) -> None:
        """Raise what is wrong, if anything is.

        Raises:
            ContractError: with all problems.
        """
        if self.problems:
            listed = "; ".join(map(str, self.problems[:20]))
            more = f"; and {len(self.problems) - 20} more" if len(self.problems) > 20 else ""
            raise ContractError(f"{self.folder}: {listed}{more}")

    @property
    def code(self) -> tuple[str, ...]:
        """The paths of its code."""
        return tuple(path for path in self.paths if path.endswith(".py"))


def check(folder: str | Path, *, card: bool = True) -> Checked:
    """Look a folder through.

    Args:
        folder: of the artefact.
        card: whether it needs its page with the licence; a push can make that.

    Raises:
        UnavailableError: there is no such folder.
    """
    top = user_path(folder)
    paths, problems = paths_of(top)
    for path in paths:
        problems += problems_of_file(top, path, set(paths))
    kind = ""
    told: dict[str, Any] = {}
    try:
        name, kind = manifest_of(paths)
    except ContractError as error:
        problems.append(Problem("", str(error)))
    else:
        told, found = check_manifest(top, name, paths)
        problems += [*found, *(problems_of_card(top, told) if card else ())]
    problems += problems_of_signature(top, paths)
    return Checked(top, kind, tuple(paths), told, tuple(dict.fromkeys(problems)), tuple(warnings_of_card(top)))

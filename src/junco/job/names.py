"""`Names`: what the files of a source are called in a target, whichever way the source was spelt.

A file beneath the folder in which the job was first run is called by its path from there, so that a set may be moved
together with what it was made of; any other by its absolute path. Links are not followed to a name, since a link often
is the name that lasts, but where the folder itself was reached through one.
"""

from __future__ import annotations

import os
from pathlib import Path


class Names:
    """The names of files in one target.

    Args:
        folder: in which the job was first run; `start_at` says so of a target that is there already.
    """

    def __init__(self, folder: str | Path) -> None:
        self.start_at(folder)

    def start_at(self, folder: str | Path) -> None:
        """Name files from this folder on."""
        self.folder = os.path.abspath(folder)  # noqa: PTH100  # a link keeps its name
        self._bases = tuple(dict.fromkeys((self.folder, os.path.realpath(folder))))
        self._known: dict[str, str] = {}

    def of(self, path: str) -> str:
        """What a file is called."""
        folder, name = os.path.split(path)
        if (known := self._known.get(folder)) is None:
            known = self._known[folder] = self._of_folder(folder)
        return f"{known}{name}"

    def _of_folder(self, folder: str) -> str:
        """What stands before the names of a folder's files."""
        full = os.path.realpath(folder) if ".." in Path(folder).parts else os.path.abspath(folder)  # noqa: PTH100
        for each in (full, os.path.realpath(full)):
            for base in self._bases:
                if each == base:
                    return ""
                if each.startswith(base.rstrip(os.sep) + os.sep):
                    return each[len(base.rstrip(os.sep)) + 1 :] + os.sep
        return full.rstrip(os.sep) + os.sep

    def start_from(self, place: Path | None, told: str) -> None:
        """Name files from the folder that `folder_from` told of."""
        self.start_at(told if place is None else Path(os.path.realpath(place)) / told)

    def folder_from(self, place: Path | None) -> str:
        """The folder as it is written down: from ``place`` on, which it may be moved with; without one, in full."""
        return self.folder if place is None else os.path.relpath(os.path.realpath(self.folder), os.path.realpath(place))

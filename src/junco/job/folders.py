"""The files beneath a folder or matching a pattern. Links to folders are followed, and no folder is read twice."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from junco.errors import JobError
from junco.job.wanted import Wanted

_MAGIC = re.compile(r"[*?\[]")
_Place = tuple[int, int]
"""A folder's device and number, which are the same by whatever way it is reached."""


def is_pattern(text: str) -> bool:
    """Whether a text has signs that stand for others."""
    return _MAGIC.search(text) is not None


def files_beneath(folder: str, wanted: Wanted) -> Iterator[str]:
    """All files beneath a folder, by name in each folder; hidden ones and those to skip are passed over.

    A link to a folder is followed, unless that lies beneath the folder anyway, or was reached before. A link that leads
    nowhere is a file that cannot be read.

    Raises:
        JobError: a folder cannot be read.
    """
    return (entry.path for entry in _Walk(folder, wanted).beneath(folder) if not entry.is_folder)


def files_matching(pattern: str, wanted: Wanted) -> list[str]:
    """The files that match a pattern, by name; ``**`` stands for folders as `files_beneath` goes through them.

    Raises:
        JobError: a folder cannot be read.
    """
    parts = Path(pattern).parts
    fixed = next(at for at, part in enumerate(parts) if is_pattern(part))
    base = os.path.join(*parts[:fixed]) if fixed else ""  # noqa: PTH118  # keeps the path as it was written
    found = {path for path in _expanded(base, parts[fixed:], wanted) if not wanted.skips(path)}
    return sorted(_once(found, pattern, wanted))


def _once(paths: Iterable[str], pattern: str, wanted: Wanted) -> Iterable[str]:
    """Of files that are reached by several ways, through links to folders, the shortest."""
    places: dict[str, str] = {}
    once: dict[tuple[str, str], str] = {}
    num_again = 0
    for path in sorted(paths, key=lambda each: (each.count(os.sep), each)):
        folder, name = os.path.split(path)
        place = places.get(folder) or places.setdefault(folder, os.path.realpath(folder))
        num_again += once.setdefault((place, name), path) != path
    if num_again:
        wanted.tell(f"{pattern}: {num_again:,} files are reached by several ways, through links, and taken once")
    return once.values()


class _Entry(NamedTuple):
    name: str
    path: str
    is_folder: bool
    is_link: bool


def _expanded(folder: str, parts: tuple[str, ...], wanted: Wanted) -> Iterator[str]:
    """The files that the rest of a pattern stands for in a folder."""
    part, rest = parts[0], parts[1:]
    if part == "**":
        walk = _Walk(folder, wanted)
        if not rest:
            yield from (entry.path for entry in walk.beneath(folder) if not entry.is_folder)
            return
        yield from _expanded(folder, rest, wanted)
        for entry in walk.beneath(folder):
            if entry.is_folder:
                yield from _expanded(entry.path, rest, wanted)
        return
    for entry in _matching(folder, part):
        if not rest and not entry.is_folder:
            yield entry.path
        elif rest and entry.is_folder:
            yield from _expanded(entry.path, rest, wanted)


def _matching(folder: str, part: str) -> Iterator[_Entry]:
    """What one part of a pattern stands for; a name that begins with a dot only where the part does."""
    if not is_pattern(part):
        path = os.path.join(folder, part)  # noqa: PTH118  # keeps the path as it was written
        if os.path.lexists(path):
            is_folder = os.path.isdir(path)  # noqa: PTH112
            if is_folder or os.path.isfile(path) or not os.path.exists(path):  # noqa: PTH110, PTH113
                yield _Entry(part, path, is_folder, os.path.islink(path))  # noqa: PTH114
        return
    if os.path.isdir(folder or "."):  # noqa: PTH112
        for entry in _entries(folder):
            is_shown = part.startswith(".") or not entry.name.startswith(".")
            if is_shown and (entry.name == part or fnmatch(entry.name, part)):
                yield entry


def _entries(folder: str) -> list[_Entry]:
    """What lies in a folder, by name: folders, files, links; no pipes and devices."""
    try:
        with os.scandir(folder or ".") as found:
            entries = [_entry(each, folder) for each in found]
    except OSError as error:
        raise JobError(f"the folder {folder} cannot be read: {error.strerror}") from error
    return sorted((each for each in entries if each is not None), key=lambda each: each.name)


def _entry(found: os.DirEntry[str], folder: str) -> _Entry | None:
    path = found.path if folder else found.name  # "." was only put in to look there
    try:
        if found.is_dir():
            return _Entry(found.name, path, True, found.is_symlink())
        if found.is_file():
            return _Entry(found.name, path, False, False)
    except OSError:  # a link to itself
        return _Entry(found.name, path, False, True)
    is_dead = found.is_symlink() and not os.path.exists(path)  # noqa: PTH110
    return _Entry(found.name, path, False, True) if is_dead else None


class _Walk:
    """One way through all that lies beneath a folder, each folder once."""

    def __init__(self, folder: str, wanted: Wanted) -> None:
        self.wanted = wanted
        self.root = os.path.realpath(folder)
        self.seen: set[_Place] = set()

    def beneath(self, folder: str) -> Iterator[_Entry]:
        """Files and folders by name, a folder before what is in it."""
        waiting = [self._inside(folder)]  # one for each folder on the way, however deep it leads
        while waiting:
            if (entry := next(waiting[-1], None)) is None:
                waiting.pop()
            elif entry.name.startswith(".") or self.wanted.skips(entry.path):
                continue
            elif not entry.is_folder:
                yield entry
            elif self._leads_on(entry):
                yield entry
                waiting.append(self._inside(entry.path))

    def _inside(self, folder: str) -> Iterator[_Entry]:
        return iter(_entries(folder) if self._is_new(folder) else ())

    def _leads_on(self, entry: _Entry) -> bool:
        """Whether a folder is one to go into; of a link that is not one, that is told."""
        if entry.is_link and (self._is_ours(os.path.realpath(entry.path)) or _place(entry.path) in self.seen):
            self.wanted.tell(f"{entry.path}: this link leads to a folder that is among the others: passed over")
            return False
        return _place(entry.path) not in self.seen

    def _is_ours(self, real: str) -> bool:
        """Whether a place lies beneath the root where no folder is hidden, so that the way to it comes anyway."""
        if real == self.root:
            return True
        if not real.startswith(self.root.rstrip(os.sep) + os.sep):
            return False
        return not any(part.startswith(".") for part in Path(real).relative_to(self.root).parts)

    def _is_new(self, folder: str) -> bool:
        place = _place(folder or ".")
        if place is None or place in self.seen:
            return place is None  # reading it says why
        self.seen.add(place)
        return True


def _place(folder: str) -> _Place | None:
    try:
        state = os.stat(folder)  # noqa: PTH116
    except OSError:
        return None
    return state.st_dev, state.st_ino

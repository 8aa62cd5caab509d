"""The files of a folder as a hub names them: paths, sizes, sha256, and one digest over all."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from junco.errors import IntegrityError, UnavailableError
from junco.hub.content import paths
from junco.places.files import file_sha256
from junco.settings import user_path

MOST_FILES = 10_000
MOST_FILE_BYTES, MOST_BYTES = 50 * 10**9, 200 * 10**9
SHA256 = re.compile(r"[0-9a-f]{64}")
_LEFT_OUT = {"__pycache__"}


@dataclass(frozen=True, slots=True, order=True)
class File:
    """A file of a tree.

    Attributes:
        path: relative, with ``/`` between its parts.
        size: in bytes.
        sha256: 64 hexadecimal digits.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with an artefact, and in which of its files; an empty path means all of it."""

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


def digest_of(files: Iterable[File]) -> str:
    """The sha256 of lines of sha256, size and path, sorted by the bytes of the path."""
    made = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.path.encode()):
        made.update(f"{file.sha256} {file.size} {file.path}\n".encode())
    return made.hexdigest()


def files_of(folder: str | Path) -> tuple[File, ...]:
    """All files of a folder, hashed; those whose name begins with a dot, and ``__pycache__``, are left out.

    Raises:
        UnavailableError: there is no such folder.
        IntegrityError: something in it is no plain file, or has a path that no artefact may have.
    """
    found, problems = paths_of(folder)
    if problems:
        raise IntegrityError(f"{folder}: {problems[0]}" + (f" (and {len(problems) - 1} more)" if problems[1:] else ""))
    top = user_path(folder)
    return tuple(File(path, (top / path).stat().st_size, file_sha256(top / path)) for path in found)


def paths_of(folder: str | Path) -> tuple[list[str], list[Problem]]:
    """The paths of plain files in a folder, sorted, and what is wrong with what else lies there. Nothing is opened.

    Raises:
        UnavailableError: there is no such folder.
    """
    top = user_path(folder)
    if not top.is_dir():
        raise UnavailableError(f"there is no folder {top}")
    found: list[str] = []
    problems: list[Problem] = []
    num_bytes = 0
    for entry in _walked(top):
        path = Path(entry.path).relative_to(top).as_posix()
        state = entry.stat(follow_symlinks=False)
        if stat.S_ISLNK(state.st_mode):
            problems.append(Problem(path, "is a link: an artefact holds plain files alone"))
        elif not stat.S_ISREG(state.st_mode):
            problems.append(Problem(path, "is no plain file"))
        else:
            found.append(path)
            num_bytes += state.st_size
            if state.st_size > MOST_FILE_BYTES:
                problems.append(Problem(path, f"has {state.st_size:,} bytes; a file has at most {MOST_FILE_BYTES:,}"))
        if len(found) > MOST_FILES:
            return found, [*problems, Problem("", f"it holds more than {MOST_FILES:,} files")]
    if num_bytes > MOST_BYTES:
        problems.append(Problem("", f"it has {num_bytes:,} bytes; an artefact has at most {MOST_BYTES:,}"))
    return sorted(found), [*problems, *(Problem(path, why) for path, why in paths.problems_of(found))]


def _walked(top: Path) -> Iterator[os.DirEntry[str]]:
    """All entries beneath a folder that are no folders; links are not followed."""
    waiting = [str(top)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in _LEFT_OUT:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry

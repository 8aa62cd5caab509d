"""What another hub says of a repository, believed as far as it can be checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from junco.hub.content import paths
from junco.hub.content.findings import SMALL
from junco.hub.server.accounts.names import COMMIT
from junco.hub.server.hub import Limits
from junco.hub.server.mirror.faults import failed, refused

_SHA256 = re.compile(r"[0-9a-f]{64}")
SMALL_TOGETHER = 512 << 20
"""Bytes of files that git keeps itself; they are fetched with the list, because only their bytes tell their sha256."""


@dataclass(frozen=True, slots=True)
class Said:
    """A revision: its commit, and whether all may see it."""

    name: str
    commit: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a commit: by its sha256 where it is a large one, else by git's name of it."""

    path: str
    size: int
    sha256: str | None
    git_id: str


def read_revision(told: Any, asked: str) -> Said:
    """What ``GET /api/models/{name}/revision/{revision}`` says.

    Raises:
        Fault: it is nothing that such a hub says, or of another repository.
    """
    if not isinstance(told, dict) or not isinstance(told.get("sha"), str) or not COMMIT.fullmatch(told["sha"]):
        raise failed("it names no commit")
    name = told.get("id", told.get("modelId"))
    if not isinstance(name, str) or name.lower() != asked.lower():
        raise refused(f"{asked} was asked for, and something else came: {str(name)[:200]!r}")
    hidden = told.get("private") not in (None, False) or told.get("gated") not in (None, False)
    return Said(name, told["sha"], not hidden and told.get("disabled") is not True)


def read_tree(entries: Iterable[Any], limits: Limits) -> list[Listed]:
    """The files of ``GET …/tree/{commit}?recursive=true``.

    Raises:
        Fault: one of them cannot be, or they are more than are taken.
    """
    files = [_file(each) for each in entries if not (isinstance(each, dict) and each.get("type") == "directory")]
    if len({file.path for file in files}) != len(files):
        raise refused("a path stands twice in its list of files")
    if problems := paths.problems_of(file.path for file in files):
        raise refused(f"the path {problems[0][0][:200]!r}: {problems[0][1]}")
    if len(files) > limits.commit_files:
        raise refused(f"{len(files):,} files, and at most {limits.commit_files:,} are mirrored")
    if (largest := max((file.size for file in files), default=0)) > limits.file_bytes:
        raise refused(f"a file of {largest:,} bytes, and at most {limits.file_bytes:,} are mirrored")
    if sum(file.size for file in files) > limits.commit_bytes:
        raise refused(f"more than {limits.commit_bytes:,} bytes")
    small = [file for file in files if file.sha256 is None]
    if any(file.size > SMALL for file in small) or sum(file.size for file in small) > SMALL_TOGETHER:
        raise refused("files that are large, and have no sha256 by which they could be checked")
    return sorted(files, key=lambda file: file.path)


def _file(told: Any) -> Listed:
    try:
        path, size, git_id, large = told["path"], told["size"], told["oid"], told.get("lfs")
        sha256 = None if large is None else str(large["oid"]).removeprefix("sha256:")
        size = size if large is None else large.get("size", size)
        fits = (
            isinstance(path, str)
            and type(size) is int
            and 0 <= size < 2**53
            and isinstance(git_id, str)
            and (COMMIT.fullmatch(git_id) if sha256 is None else _SHA256.fullmatch(sha256)) is not None
        )
    except (KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise refused("its list of files holds what is no file")
    return Listed(path, size, sha256, git_id)


def read_refs(told: Any) -> dict[str, tuple[str, bool]]:
    """What ``GET …/refs`` says: commits of names, and whether a name is a branch's, which moves."""
    found: dict[str, tuple[str, bool]] = {}
    for kind in ("tags", "branches"):
        rows = told.get(kind) if isinstance(told, dict) else None
        for row in rows if isinstance(rows, list) else []:
            name, commit = (row.get("name"), row.get("targetCommit")) if isinstance(row, dict) else (None, None)
            if isinstance(name, str) and isinstance(commit, str) and COMMIT.fullmatch(commit):
                found[name] = (commit, kind == "branches")
    return found

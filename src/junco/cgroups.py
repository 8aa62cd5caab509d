"""Control groups: the part of the machine that a container or a batch system leaves to this process (Linux).

Both versions, and both at once. A group is bound by every group above it, so that the smallest limit on the way to the
root counts. What is missing or malformed sets no limit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path("/")
_FOLDER = "sys/fs/cgroup"
_MOST_DIGITS = 30


@cache
def core_quota(root: Path = ROOT) -> float | None:
    """How many cores' time the process gets (0.5: half of one), or ``None``. ``root`` is the file system's."""
    shares = [_quotient(*_words(folder / "cpu.max", 2)) for folder in _folders(root, "")]
    for folder in _folders(root, "cpu"):
        quota, period = _words(folder / "cpu.cfs_quota_us", 1), _words(folder / "cpu.cfs_period_us", 1)
        shares.append(_quotient(*quota, *period))
    return min((share for share in shares if share is not None), default=None)


@cache
def memory_limit(root: Path = ROOT) -> int | None:
    """How many bytes the process may take, or ``None``. ``root`` is the file system's."""
    files = [folder / name for folder in _folders(root, "") for name in ("memory.max", "memory.high")]
    files += [folder / "memory.limit_in_bytes" for folder in _folders(root, "memory")]
    limits = [_positive(word) for file in files for word in _words(file, 1)]
    return min((limit for limit in limits if limit is not None), default=None)


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the process's group for a controller (version 2: ``""``) and of all groups above it."""
    for names, group in _groups(root):
        if controller not in names.split(","):
            continue
        for place in (names, controller) if names else ("", "unified"):
            # inside a container the path may be the host's, and only the group that is mounted is there
            folder = root / _FOLDER / place
            yield folder
            for part in PurePosixPath(group.lstrip("/")).parts:
                folder /= part
                yield folder


def _groups(root: Path) -> list[tuple[str, str]]:
    """Names of controllers and the process's group, as ``/proc/self/cgroup`` has them."""
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    fields = [line.split(":", 2) for line in lines]
    return [(field[1], field[2]) for field in fields if len(field) == 3 and ".." not in field[2].split("/")]


def _words(file: Path, count: int) -> list[str]:
    """The words of a file that must have so many; without them, as many that mean nothing."""
    try:
        words = file.read_text("utf-8").split()
    except (OSError, ValueError):
        words = []
    return words if len(words) == count else [""] * count


def _positive(word: str) -> int | None:
    """The number that a word says, if it is one above nothing: ``max`` and ``-1`` say that there is no limit."""
    is_number = word.isascii() and word.isdigit() and len(word) < _MOST_DIGITS
    return int(word) or None if is_number else None


def _quotient(quota: str, period: str) -> float | None:
    parts = _positive(quota), _positive(period)
    return None if parts[0] is None or parts[1] is None else parts[0] / parts[1]


def _renew() -> None:
    """A forked child may be put into a group of its own."""
    core_quota.cache_clear()
    memory_limit.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

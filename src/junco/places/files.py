"""What lies in files: the sha256 of their bytes, read once as long as a file stays what it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePath

Stamp = tuple[str, int, int, int, int]
"""A file's path, size, time of change, inode, and the time of its last change of any kind, which nobody sets back."""


def file_stamps(paths: Iterable[Path]) -> tuple[Stamp, ...]:
    """What changes when files do, without reading them; one that is not there has a size of -1."""
    return tuple(_stamp(Path(path)) for path in paths)


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    return _sha256(_stamp(path))


def read_sha256(path: Path) -> str:
    """The same, read once more: of a file that may be damaged.

    Raises:
        OSError: it cannot be read.
    """
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_digests: dict[Stamp, str] = {}
"""Of files that were read, the latest ones."""
_MOST_DIGESTS = 1024


def _sha256(stamp: Stamp) -> str:
    if stamp not in _digests:
        found = read_sha256(Path(stamp[0]))
        for old in list(_digests)[: max(0, len(_digests) - _MOST_DIGESTS)]:
            _digests.pop(old, None)
        _digests[stamp] = found
    return _digests[stamp]


def _stamp(path: Path) -> Stamp:
    try:
        state = path.stat()
    except OSError:
        return str(path), -1, 0, 0, 0
    return str(path), state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns


def first_changed(stamps: Iterable[Stamp], now: Iterable[Stamp]) -> str | None:
    """The path of the first file that was there and by now is another one, or is not among those that are read now.

    A file that was only touched (moved back, linked, given other rights) is the same where its content was read.
    """
    by_path = {stamp[0]: stamp for stamp in now}
    for stamp in stamps:
        if stamp[1] >= 0 and stamp != (other := by_path.get(stamp[0])) and not _is_same(stamp, other):
            return stamp[0]
    return None


def _is_same(stamp: Stamp, other: Stamp | None) -> bool:
    if other is None or stamp[1] != other[1] or stamp not in _digests:
        return False
    try:
        return _digests[stamp] == file_sha256(Path(other[0]))
    except OSError:
        return False


def names_files(value: object, files: Iterable[Path]) -> bool:
    """Whether a parameter's value says no more than where files lie: it is the path of one, or of a folder above."""
    if not isinstance(value, (str, PurePath)) or not str(value):
        return False
    place = Path.cwd() / value
    return any(place in (at, *at.parents) for at in (Path.cwd() / file for file in files))


def changed_file(path: str, user: str) -> str:
    """What to say of a file that was changed while somebody was using it."""
    return (
        f"{path} was changed after {user} had been made from it: make the operator and its pipeline anew, so that all "
        "that they give comes from one file"
    )

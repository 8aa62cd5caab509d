"""What differs between two commits, line by line: their texts, fetched and checked, and nothing of them run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from junco.hub.client.listing import Difference
from junco.hub.client.pulling import pull
from junco.hub.client.revision import Revision

_MOST_BYTES = 1 << 20
"""Of a file whose lines are compared."""


def changed_lines(found: Difference, *, hub: str | None = None) -> Iterator[str]:
    """A difference as ``diff -u`` writes it; of what is no text, or a very long one, that it differs.

    Args:
        found: of two commits, as `diff` tells it.
        hub: the address of the hub.

    Raises:
        UnavailableError: a commit is not here, and cannot be fetched.
        IntegrityError: what came is not what it should be.
    """
    before, after = _folder(found.before, hub), _folder(found.after, hub)
    for path in sorted({*found.added, *found.removed, *(path for path, _, _ in found.changed)}):
        old, new = (_lines(folder / path) for folder in (before, after))
        if old is None or new is None:
            yield f"{path} differs, and is no text to be shown"
        else:
            yield from compared(path, old, new, (before / path).exists(), (after / path).exists())


def compared(path: str, old: list[str], new: list[str], was: bool = True, is_there: bool = True) -> Iterator[str]:
    """Two texts as ``diff -u`` writes their difference.

    Args:
        path: of both.
        old, new: their lines.
        was, is_there: whether there is such a file, before and after.
    """
    yield from difflib.unified_diff(old, new, path if was else "nothing", path if is_there else "nothing", lineterm="")


def _folder(revision: Revision, hub: str | None) -> Path:
    return pull(f"{revision.repository}@{revision.commit}", hub=hub)


def _lines(path: Path) -> list[str] | None:
    """Of a text; none where there is no file, ``None`` for what is no text."""
    if not path.exists():
        return []
    if path.stat().st_size > _MOST_BYTES:
        return None
    data = path.read_bytes()
    try:
        return None if b"\0" in data else data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None

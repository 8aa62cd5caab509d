"""When the files of a source change: they are watched by the system, and what comes in a burst is taken together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from junco.errors import JobError, MissingExtraError
from junco.job.folders import is_pattern
from junco.job.kinds import is_url, path_of_address
from junco.settings import user_path

LOOK_MS, QUIET_MS, BURST_MS = 1_000, 200, 2_000
"""How often it is seen whether a folder is still there; how long nothing must change; how long a burst may last."""


def changes_of(sources: Sequence[str], skips: Callable[[str], bool], tell: Callable[[str], object]) -> Iterator[None]:
    """Comes once at first, when the files are watched, and then each time that one of them has changed.

    A folder that is gone is waited for. What changes while nobody asks is not lost.

    Args:
        sources: folders, files and patterns.
        skips: whether a path is none of theirs: what the job itself writes.
        tell: is told in a line of folders that go and come back.

    Raises:
        JobError: one is an address, which nobody tells about.
        MissingExtraError: watchfiles is not installed.
    """
    roots = list(dict.fromkeys(map(_root_of, sources)))
    gone = {root for root in roots if not root.exists()}
    while True:
        there = [root for root in roots if root.exists()]
        for root in gone.intersection(there):  # whoever was told that it is gone is told that it is back
            tell(f"{root} is there again")
        gone.difference_update(there)
        is_new = True  # what came before the files were watched is not told
        for seen in _changes_beneath(there, skips):
            if seen or is_new:
                is_new = False
                yield
            if [root for root in roots if root.exists()] != there:
                break
        for root in (root for root in there if not root.exists()):
            tell(f"{root} is gone: it is waited for")
            gone.add(root)


def _root_of(source: str) -> Path:
    """The folder or file to watch: of a pattern what stands before its first sign."""
    text = path_of_address(source)
    if is_url(text):
        raise JobError(f"{text}: only files on this machine can be watched; run the job again when it has changed")
    path = user_path(text, "the source")
    if path.exists() or not is_pattern(text):
        return path.absolute()
    parts = path.absolute().parts
    return Path(*parts[: next(at for at, part in enumerate(parts) if is_pattern(part))])


def _changes_beneath(there: Sequence[Path], skips: Callable[[str], bool]) -> Iterator[bool]:
    """Whether something has changed, each time that it is looked."""
    try:
        import watchfiles
    except ImportError:
        raise MissingExtraError("watchfiles", "watch", "--watch") from None
    if not there:
        yield False
        time.sleep(LOOK_MS / 1000)
        yield False
        return
    files = {str(root) for root in there if root.is_file()}
    # of a file the folder is watched, since whoever saves it may put another in its place
    folders = {root.parent if str(root) in files else root for root in there}

    def is_meant(change: Any, path: str) -> bool:
        inside = [str(root) for root in there if path == str(root) or path.startswith(f"{root}{os.sep}")]
        return any(not _is_hidden(path[len(root) :]) for root in inside) and not skips(path)

    how: dict[str, Any] = {"rust_timeout": LOOK_MS, "yield_on_timeout": True, "step": QUIET_MS, "debounce": BURST_MS}
    how["recursive"] = len(files) < len(there)
    try:
        for seen in watchfiles.watch(*folders, watch_filter=is_meant, raise_interrupt=True, **how):
            yield bool(seen)
    except OSError:  # gone between the look and the watch
        yield False


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in Path(path).parts)

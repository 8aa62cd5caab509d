"""Where a job says why inputs were put aside: in a file beside its target, whatever kind that is."""

from __future__ import annotations

import os
from pathlib import Path

from junco.store.addresses import Address, is_address, local_path, located
from junco.vector_store.address import parse_address
from junco.vector_store.installed import is_store

ENDING = ".rejects.parquet"
"""Of that file's name, after the target's."""


def rejects_beside(path: Path) -> Path:
    """The file beside a target's own."""
    return path.with_name(f"{path.name}{ENDING}")


def rejects_of(ref: str | os.PathLike[str]) -> Path | None:
    """The file that says what was put aside, on this machine; ``None`` where nothing was.

    Args:
        ref: a target that is there: a file, a folder, an address (of which the file is fetched), a vector store.

    Raises:
        InputError: there is no such target.
        TargetError: the address cannot be read.
    """
    text = os.fspath(ref)
    file = rejects_beside(parse_address(text).beside if is_store(text) else located(text))
    if not is_store(text) and is_address(text) and local_path(text) is None:
        place = Address(text)
        there = place.beside(ENDING)
        if place.head(there) is None:
            return None
        place.get(there, file)
    return file if file.is_file() else None

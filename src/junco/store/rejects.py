"""Where a job says why inputs were put aside: in a file beside its target."""

from __future__ import annotations

import os
from pathlib import Path

from junco.store.addresses import located
from junco.vector_store.address import parse_address
from junco.vector_store.installed import is_store

ENDING = ".rejects.parquet"
"""Of that file's name, after the target's."""


def rejects_beside(path: Path) -> Path:
    """The file beside a target's own."""
    return path.with_name(f"{path.name}{ENDING}")


def rejects_of(ref: str | os.PathLike[str]) -> Path:
    """The file of a target as a user names it; it need not be there, and is not fetched from an address.

    Raises:
        InputError: an address where nothing is.
        TargetError: an address that cannot be read.
    """
    text = os.fspath(ref)
    return rejects_beside(parse_address(text).beside if is_store(text) else located(ref))

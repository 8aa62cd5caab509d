"""Pictures and sounds in a cell of a table, as Hugging Face's data sets write them: ``{"bytes": …, "path": …}``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from junco.errors import InputError

_FIELDS = frozenset({"bytes", "path"})


def has_bytes(fields: Collection[str]) -> bool:
    """Whether values of these fields hold a file's content, or say where it lies."""
    return len(fields) == len(_FIELDS) and _FIELDS.issuperset(fields)


def content_of(cell: Mapping[str, Any]) -> Any:
    """The bytes of such a cell, or its path where it has none.

    Raises:
        InputError: it has neither.
    """
    if cell["bytes"] is None and not cell["path"]:
        raise InputError("neither 'bytes' nor a 'path' in it")
    return cell["path"] if cell["bytes"] is None else cell["bytes"]

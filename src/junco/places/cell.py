"""Pictures and sounds in a cell of a table, as Hugging Face's data sets write them: ``{"bytes": …, "path": …}``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from junco.errors import InputError

_FIELDS = frozenset({"bytes", "path"})


def has_bytes(fields: Collection[str]) -> bool:
    """Whether values of these fields hold a file's content, or say where it lies."""
    return len(fields) == len(_FIELDS) and _FIELDS.issuperset(fields)


def content_of(value: Mapping[str, Any]) -> Any:
    """Its bytes, or its path where it has none.

    Raises:
        InputError: it has neither, or is a mapping of another kind.
    """
    if not has_bytes(value):
        raise InputError(f"a mapping of {', '.join(map(repr, value)) or 'nothing'}, not of 'bytes' and 'path'"[:200])
    if value["bytes"] is None and not value["path"]:
        raise InputError("neither 'bytes' nor a 'path' in it")
    return value["path"] if value["bytes"] is None else value["bytes"]

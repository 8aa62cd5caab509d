"""What a source's name says: whether it is an address, and whether a list of inputs is there, of which kind."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote

from junco.places.packed import SUFFIXES

Kind = Literal["lines", "separated", "json", "json lines", "parquet", "arrow", "sheets"]

_KINDS: dict[str, Kind] = {
    ".txt": "lines",
    ".csv": "separated",
    ".tsv": "separated",
    ".tab": "separated",
    ".psv": "separated",
    ".json": "json",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".xlsx": "sheets",
    ".xlsm": "sheets",
    ".xls": "sheets",
    ".ods": "sheets",
}


def is_url(text: str) -> bool:
    """Whether a source is an address and not a path."""
    scheme, sign, _ = text.partition("://")
    return bool(sign) and scheme.replace("+", "").replace("::", "").isalnum()


def path_of_address(text: str) -> str:
    """The path that a ``file://`` address names, where links and patterns mean what they mean; all else as it is."""
    scheme, sign, path = text.partition("://")
    if not sign or scheme.lower() != "file":
        return text
    path = path.removeprefix("localhost") or "/"
    return path if "%" not in path or Path(path).exists() else unquote(path)


def is_web(url: str) -> bool:
    """Whether an address is one of the web."""
    return url.partition("://")[0].lower() in ("http", "https")


def kind_of(name: str) -> Kind | None:
    """The kind of list that a file of this name is, compressed or not; ``None`` where it is an input itself."""
    path = PurePosixPath(name)
    if path.suffix.lower() in SUFFIXES:
        path = path.with_suffix("")
    return _KINDS.get(path.suffix.lower())


def is_packed(name: str) -> bool:
    """Whether its name says that it is compressed."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES

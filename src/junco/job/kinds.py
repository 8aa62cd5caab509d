"""What a file's name says that is in it: a list of inputs, of which kind; or an input."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from junco.places.packed import SUFFIXES

Kind = Literal["lines", "separated", "json", "json lines", "parquet", "arrow"]

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
}


def kind_of(name: str) -> Kind | None:
    """The kind of list that a file of this name is, compressed or not; ``None`` where it is an input itself."""
    path = PurePosixPath(name)
    if path.suffix.lower() in SUFFIXES:
        path = path.with_suffix("")
    return _KINDS.get(path.suffix.lower())


def is_packed(name: str) -> bool:
    """Whether its name says that it is compressed."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES

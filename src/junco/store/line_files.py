"""``.jsonl`` and ``.csv``: rows as text; their kinds, space and pipeline lie beside it in ``<target>.schema.parquet``.

That file holds no rows, and says by a hash which text it belongs to. To be asked, such a target is read once into
a Parquet file in JUNCO_HOME; what is said there of columns and vectors holds for it as for any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from junco.errors import InputError, TargetError
from junco.store.copies import kept_copy
from junco.store.durable import replacing
from junco.store.files import FileSink
from junco.store.lines import (
    is_not_finite,
    read_csv,
    read_json_lines,
    readable,
    write_csv,
    write_json_lines,
)
from junco.store.parquet import Files, write_table
from junco.store.previous import Previous
from junco.store.sides import sides_of

if TYPE_CHECKING:
    import pyarrow as pa

TEXT = "junco.text"
"""Of the file beside: a hash of the text that it belongs to."""
_COPY = "rows.parquet"
_WAYS = {".jsonl": (write_json_lines, read_json_lines), ".csv": (write_csv, read_csv)}


def is_lines(path: Path) -> bool:
    """Whether a path is written as such a target is."""
    return path.suffix.lower() in _WAYS


class LinesFile(FileSink):
    """One text file."""

    def sides(self) -> tuple[Path, ...]:
        """The file with the schema."""
        return sides_of(self.path)

    def check_rows(self, rows: Sequence[pa.Table], schema: pa.Schema) -> None:
        """Refuse, with the first shard, what text cannot hold."""
        for field in schema:
            what = None if readable(field.type) is not None else str(field.type)
            if what is None and any(is_not_finite(part) for row in rows for part in row.column(field.name).chunks):
                what = "NaN or infinite numbers"
            if what is not None:
                raise TargetError(
                    f"{self.target} is text, which cannot hold the column {field.name!r} ({what}): "
                    "write a .parquet file"
                )

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, num_rows: int) -> None:
        """Write the text, then what it belongs to."""
        (side,) = self.sides()
        with replacing(self.staged(self.path)) as file:
            _WAYS[self.path.suffix.lower()][0](file, groups, schema)
        about = {**(schema.metadata or {}), TEXT.encode(): _hash(self.staged(self.path)).encode()}
        with replacing(self.staged(side)) as file:
            write_table(file, iter(()), schema.with_metadata(about))

    def published(self) -> Previous:
        """The rows that were written."""
        return Files([as_parquet(self.path)])


def as_parquet(path: Path) -> Path:
    """A Parquet file with the rows of a text target, made where there is none of this very content.

    Raises:
        InputError: nothing is there, or not what a job has written.
    """
    while True:
        state = _state(path)
        folder = kept_copy(str(path.resolve()), state, partial(_convert, path))
        if _state(path) == state:  # else a job has put another text there meanwhile
            return folder / _COPY


def _state(path: Path) -> str:
    """What changes when the file does."""
    try:
        state = path.stat()
    except OSError as error:
        raise InputError(f"{path}: no such file or folder") from error
    return f"{state.st_size}-{state.st_mtime_ns}-{state.st_ino}"


def _convert(path: Path, folder: Path) -> None:
    """Read a text target with the schema beside it."""
    schema = _schema_of(path)
    read: Callable[[Path, pa.Schema], Iterator[pa.Table]] = _WAYS[path.suffix.lower()][1]
    with replacing(folder / _COPY) as file:
        write_table(file, read(path, schema), schema)


def _schema_of(path: Path) -> pa.Schema:
    """The schema that belongs to a text; of two, while a job puts another target in its place, the right one."""
    import pyarrow.parquet as pq

    sink = LinesFile(path)
    (side,) = sink.sides()
    found = [pq.read_schema(place) for place in (side, sink.staged(side)) if place.exists()]
    if not found:
        raise InputError(f"{path}: {side.name} is not beside it, which says what its columns hold")
    wanted = _hash(path).encode()
    schema = next((schema for schema in found if (schema.metadata or {}).get(TEXT.encode()) == wanted), None)
    if schema is None:
        raise InputError(
            f"{path} and {side.name} beside it do not belong together, or one was changed: "
            "run the job that writes them again"
        )
    return schema


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

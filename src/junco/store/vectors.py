"""How vectors are read from the files of a target, and what these say of the space that they live in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from junco.errors import InputError
from junco.store.addresses import located
from junco.store.arrow import arrow
from junco.store.line_files import as_parquet, is_lines
from junco.store.npy import side_of
from junco.store.sides import sides_of
from junco.types import Space, Vectors
from junco.types.space import check_same
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa

_ID, _COLUMN, _DESCRIPTION = "junco.space", "junco.space.column", "junco.space.description"
TITLE = "junco.pipeline"
"""Of a schema's metadata: what the pipeline that made the rows is called."""
PIPELINE = "junco.pipeline.definition"
"""Of a schema's metadata: the pipeline that made the rows, as YAML."""
NAMED_BY = "junco.key"
"""Of a schema's metadata: the column of a table that names the rows, where the inputs themselves do not."""
FOLDER = "junco.folder"
"""Of a schema's metadata: the folder that its inputs are named from, as seen from the one that the set lies in."""
_T = TypeVar("_T")
Places = list[tuple[int, int, int] | None]
"""What changes when another file or folder takes the place of one that belongs to a target."""


def told_in(metadata: Mapping[bytes, bytes] | None, name: str) -> str:
    """What a schema's metadata says under a name; empty where it says nothing."""
    return (metadata or {}).get(name.encode(), b"").decode("utf-8", "replace")


def space_metadata(space: Space | None, column: str) -> dict[str, str]:
    """What a target's schema says of its vectors: the id, the column, and the description as JSON."""
    return {} if space is None else {_ID: space.id, _COLUMN: column, _DESCRIPTION: space.to_json()}


def space_in(metadata: Mapping[bytes, bytes] | None) -> tuple[Space | None, str]:
    """The space that a schema's metadata tells of, and the column that it is about."""
    said = {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in (metadata or {}).items()}
    if _DESCRIPTION not in said:
        return None, ""
    return Space.from_json(said[_DESCRIPTION]), said.get(_COLUMN, "")


def space_of(path: str | Path) -> Space | None:
    """The space of a file's or a folder's vectors, which are not read.

    Raises:
        SpaceError: a folder whose files hold vectors of several spaces.
        InputError: the file is missing.
    """
    place = located(path)
    return whole(place, lambda: files_space(parquet_files(place))[0])[1]


def whole(path: Path, read: Callable[[], _T]) -> tuple[Places, _T]:
    """What is read at a path, and where that was: anew where a job has put another target there meanwhile."""
    while True:
        before = _places(path)
        try:
            found = read()
        except InputError:
            if _places(path) == before:
                raise
        else:
            if _places(path) == before:
                return before, found


def _places(path: Path) -> Places:
    states = [each.stat() if each.exists() else None for each in (path, *sides_of(path))]
    return [state and (state.st_ino, state.st_mtime_ns, state.st_ctime_ns) for state in states]


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files that tell of a target's vectors.

    Raises:
        InputError: nothing is there.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if is_lines(path):
        return [as_parquet(path)]
    if path.suffix.lower() == ".npy":
        side = side_of(path)
        return [] if side is None else [side]
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"the folder {path} holds no Parquet files")
    return files


def files_space(files: Sequence[Path]) -> tuple[Space | None, str]:
    """The one space of all files, and its column."""
    found = [space_in(_opened(file).schema_arrow.metadata) for file in files]
    for file, (space, _) in zip(files[1:], found[1:], strict=True):
        if space != found[0][0]:
            check_same(space, found[0][0], f"the vectors of {file}", f"those of {files[0]}", "Keep them apart.")
    return found[0] if found else (None, "")


def _opened(file: Path) -> Any:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file)
    except (arrow().ArrowException, OSError) as error:
        raise InputError(f"{file} is no Parquet file: {brief(error)}") from error


def schema_of(files: Sequence[Path]) -> pa.Schema:
    """The columns that Parquet files have together.

    Raises:
        InputError: one is none.
    """
    return arrow().unify_schemas([_opened(file).schema_arrow for file in files], promote_options="permissive")


def have_rows(files: Sequence[Path]) -> bool:
    """Whether there is a row in any of some Parquet files."""
    return any(_opened(file).metadata.num_rows for file in files)


def rows_of(files: Sequence[Path], columns: Sequence[str]) -> pa.Table:
    """The rows of Parquet files, as one table of those of the columns that they have.

    Raises:
        InputError: one was damaged, or Arrow cannot read it.
    """
    tables = []
    for file in files:
        try:
            tables.append(_opened(file).read(columns=columns))
        except (arrow().ArrowInvalid, OSError) as error:
            raise InputError(f"{file} was damaged: {brief(error)}") from error
        except arrow().ArrowException as error:
            raise InputError(f"{file} cannot be read: {brief(error)}") from error
    return arrow().concat_tables(tables, promote_options="permissive")


def array_in(path: Path, *, mapped: bool = False) -> Vectors:
    """The vectors of a ``.npy`` file; ``mapped``: not read before they are used.

    Raises:
        InputError: it holds something else.
    """
    try:
        vectors = np.load(path, "r" if mapped else None, allow_pickle=False)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is no .npy file: {error}") from error
    if vectors.ndim != 2:
        raise InputError(f"{path} holds an array of shape {vectors.shape}, not vectors (rows, dim)")
    return vectors  # type: ignore[no-any-return]


def only_vectors(schema: pa.Schema, files: Sequence[Path], path: Path) -> str:
    """The name of the only column that holds vectors.

    Raises:
        InputError: there is none, or a choice.
    """
    types = arrow().types
    names = [f.name for f in schema if types.is_fixed_size_list(f.type)]
    if not have_rows(files):  # nobody knows what the columns would hold
        names = names or [f.name for f in schema if types.is_null(f.type)]
    if not names and (sparse := [f.name for f in schema if is_sparse(f.type)]):
        raise InputError(f"{path}: the vectors of the column {sparse[0]!r} are sparse: read_sparse_vectors reads them")
    if not names:
        raise InputError(f"{path} has no column of vectors, only {', '.join(map(repr, schema.names))}")
    if len(names) != 1:
        raise InputError(f"{path} has {len(names)} columns of vectors ({', '.join(names)}): say which, column='…'")
    return str(names[0])


def is_sparse(kind: pa.DataType) -> bool:
    """Whether a column of this type holds sparse vectors."""
    return bool(arrow().types.is_struct(kind)) and [field.name for field in kind] == ["indices", "values"]

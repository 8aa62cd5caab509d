"""Vectors read back with the space that they live in; what is compared or searched together must share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from junco.errors import InputError, SpaceError
from junco.settings import user_path
from junco.store.arrow import arrow
from junco.store.npy import side_of
from junco.types import Space, Vector, Vectors
from junco.types.space import check_same
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa

_ID, _COLUMN, _DESCRIPTION = "junco.space", "junco.space.column", "junco.space.description"
_T = TypeVar("_T")
_QUERY_ROWS = 64  # of scores against a whole set, which may have millions of rows
_NAME_IT = "Embed both with one pipeline; where its space is unknown, name it: .output('vector', space='…')."


def space_metadata(space: Space | None, column: str) -> dict[str, str]:
    """What a target's schema says of its vectors: the id, the column, and the description as JSON."""
    return {} if space is None else {_ID: space.id, _COLUMN: column, _DESCRIPTION: space.to_json()}


def space_in(metadata: Mapping[bytes, bytes] | None) -> tuple[Space | None, str]:
    """The space that a schema's metadata tells of, and the column that it is about."""
    said = {key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in (metadata or {}).items()}
    if _DESCRIPTION not in said:
        return None, ""
    return Space.from_json(said[_DESCRIPTION]), said.get(_COLUMN, "")


class VectorSet(NamedTuple):
    """Vectors with the inputs that they came from and the space that they live in (``None``: unknown)."""

    keys: list[str]
    vectors: Vectors
    space: Space | None

    def nearest(self, vectors: Vector | Vectors, space: Space | str | None, count: int = 10) -> Nearest:
        """The rows nearest by cosine to each of some vectors, best first.

        Args:
            vectors: one (dim,) or several (n, dim).
            space: theirs, or its id: ``pipeline.space``, ``pipeline.plan.space``, or that of another set.
            count: how many rows for each; as many as there are, if there are fewer.

        Raises:
            SpaceError: they live in another space than this set, or nobody knows.
        """
        if isinstance(space, str):
            space = self._of_id(space)
        if vectors is not self.vectors:  # a set may always be searched by its own
            check_same(space, self.space, "the vectors to look for", "the vectors to look in", _NAME_IT)
        wanted, stored = self._unit(np.atleast_2d(np.asarray(vectors))), self._unit(self.vectors)
        if wanted.shape[1] != stored.shape[1] and len(stored):
            raise InputError(f"vectors of {wanted.shape[1]} numbers cannot be looked for among {stored.shape[1]}")
        count = min(count, len(stored))
        found = Nearest(np.zeros((len(wanted), count), np.intp), np.zeros((len(wanted), count), np.float32))
        for start in range(0, len(wanted) if count else 0, _QUERY_ROWS):
            block = slice(start, start + _QUERY_ROWS)
            scores = wanted[block] @ stored.T
            found.rows[block] = rows = np.argsort(-scores, axis=1, kind="stable")[:, :count]
            found.scores[block] = np.take_along_axis(scores, rows, axis=1)
        return found

    def _of_id(self, space: str) -> Space:
        """This set's space, if that is its id.

        Raises:
            SpaceError: it is another's.
        """
        if self.space is None or space != self.space.id:
            own = "an unknown space" if self.space is None else f"the space {self.space}"
            raise SpaceError(f"the vectors to look for live in {space}, those to look in in {own}. {_NAME_IT}")
        return self.space

    def _unit(self, vectors: npt.NDArray[Any]) -> Vectors:
        """Rows of length 1; of packed bits each is a number, one or minus one."""
        if self.space is not None and self.space.is_packed:
            dim = self.space.parts.get("dim")  # the last byte may hold fewer than eight
            vectors = np.unpackbits(vectors, axis=1, count=dim).astype(np.float32) * 2 - 1
        return _unit(vectors)


class Nearest(NamedTuple):
    """Row numbers and their cosines, both (n, count), best first."""

    rows: npt.NDArray[np.intp]
    scores: npt.NDArray[np.float32]


def read_vectors(*paths: str | Path, column: str | None = None) -> VectorSet:
    """The vectors of ``.parquet`` and ``.npy`` files and of folders of Parquet files, as one set.

    Args:
        paths: one or more; several must hold vectors of one space.
        column: which column holds the vectors; else the one that the file names, or the only one there is.

    Raises:
        SpaceError: they hold vectors of several spaces, or several sets of an unknown one.
        InputError: a file is missing, or holds no vectors.
    """
    if not paths:
        raise InputError("read_vectors takes the path of at least one file")
    sets = [_read(user_path(path), column) for path in paths]
    for path, other in zip(paths[1:], sets[1:], strict=True):
        check_same(other.space, sets[0].space, f"the vectors of {path}", f"those of {paths[0]}", _NAME_IT)
    keys = [key for each in sets for key in each.keys]
    filled = [each.vectors for each in sets if len(each.vectors)] or [sets[0].vectors]
    return VectorSet(keys, filled[0] if len(filled) == 1 else np.concatenate(filled), sets[0].space)


def space_of(path: str | Path) -> Space | None:
    """The space of a file's or a folder's vectors, which are not read.

    Raises:
        SpaceError: a folder whose files hold vectors of several spaces.
        InputError: the file is missing.
    """
    place = user_path(path)
    return _whole(place, lambda: _space(parquet_files(place))[0])


def _read(path: Path, column: str | None) -> VectorSet:
    return _whole(path, lambda: _array_set(path) if path.suffix.lower() == ".npy" else _table_set(path, column))


def _whole(path: Path, read: Callable[[], _T]) -> _T:
    """What is read at a path, anew where a job has put another target there meanwhile."""
    while True:
        before = _places(path)
        try:
            found = read()
        except InputError:
            if _places(path) == before:
                raise
        else:
            if _places(path) == before:
                return found


def _places(path: Path) -> list[tuple[int, int, int] | None]:
    """What changes when another file or folder takes the place of one that belongs to a target."""
    states = [each.stat() if each.exists() else None for each in (path, path.with_name(f"{path.name}.inputs.parquet"))]
    return [state and (state.st_ino, state.st_mtime_ns, state.st_ctime_ns) for state in states]


def _array_set(path: Path) -> VectorSet:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    vectors = _array(path)
    side = side_of(path, lambda: vectors)
    if side is None:
        return VectorSet([str(number) for number in range(len(vectors))], vectors, None)
    keys = rows_of([side], ["input"]).column("input").to_pylist()
    if len(keys) != len(vectors):  # of a file that does not say what array it belongs to
        raise InputError(
            f"{path} has {len(vectors):,} vectors, and {side} beside it {len(keys):,} rows: "
            "run the job that writes them again"
        )
    return VectorSet(keys, vectors, _space([side])[0])


def _table_set(path: Path, column: str | None) -> VectorSet:
    files = parquet_files(path)
    space, told = _space(files)
    schema = schema_of(files)
    name = column or told or _only_vectors(schema, files, path)
    if name not in schema.names:
        raise InputError(f"{path} has no column {name!r}; there are: {', '.join(schema.names)}")
    rows = rows_of(files, ["input", name])
    keys = rows.column("input").to_pylist() if "input" in rows.column_names else [str(i) for i in range(len(rows))]
    return VectorSet(keys, _matrix(rows.column(name), name, path), space if name == told else None)


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files that tell of a target's vectors.

    Raises:
        InputError: nothing is there.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.suffix.lower() == ".npy":
        side = side_of(path)
        return [] if side is None else [side]
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"the folder {path} holds no Parquet files")
    return files


def _space(files: Sequence[Path]) -> tuple[Space | None, str]:
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


def _array(path: Path) -> Vectors:
    try:
        vectors = np.load(path, allow_pickle=False)
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is no .npy file: {error}") from error
    if vectors.ndim != 2:
        raise InputError(f"{path} holds an array of shape {vectors.shape}, not vectors (rows, dim)")
    return vectors  # type: ignore[no-any-return]


def _only_vectors(schema: pa.Schema, files: Sequence[Path], path: Path) -> str:
    types = arrow().types
    names = [f.name for f in schema if types.is_fixed_size_list(f.type)]
    if not have_rows(files):  # nobody knows what the columns would hold
        names = names or [f.name for f in schema if types.is_null(f.type)]
    if not names and (sparse := [f.name for f in schema if is_sparse(f.type)]):
        raise InputError(f"{path}: the vectors of the column {sparse[0]!r} are sparse: read_sparse_vectors reads them")
    if len(names) != 1:
        raise InputError(f"{path} has {len(names)} columns of vectors ({', '.join(names)}): say which, column='…'")
    return str(names[0])


def _matrix(column: pa.ChunkedArray, name: str, path: Path) -> Vectors:
    """A column of vectors as (rows, dim)."""
    if not len(column) and arrow().types.is_null(column.type):  # a job without inputs: nobody knows the dimension
        return np.zeros((0, 0), np.float32)
    if not arrow().types.is_fixed_size_list(column.type) or column.null_count:
        what = "rows without a vector" if column.null_count else f"{column.type}"
        raise InputError(f"{path}: the column {name!r} holds {what}, not one vector in each row")
    flat = column.combine_chunks().flatten()
    array = flat.to_numpy(zero_copy_only=False)
    return np.asarray(array).reshape(len(column), column.type.list_size)


def is_sparse(kind: pa.DataType) -> bool:
    """Whether a column of this type holds sparse vectors."""
    return bool(arrow().types.is_struct(kind)) and [field.name for field in kind] == ["indices", "values"]


def _unit(vectors: npt.NDArray[Any]) -> Vectors:
    block = vectors.astype(np.float32)
    lengths = np.linalg.norm(block, axis=1, keepdims=True)
    unit: Vectors = (block / np.where(lengths == 0, 1, lengths)).astype(np.float32, copy=False)
    return unit

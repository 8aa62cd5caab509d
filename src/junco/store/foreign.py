"""Sets that other programs made: a table with a column of vectors, and what they came from in another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from junco.errors import InputError
from junco.store.arrow import arrow
from junco.store.lines import cells_of_json
from junco.store.usual import FOREIGN_COLUMNS
from junco.types import Vectors
from junco.wording import brief

if TYPE_CHECKING:
    import pyarrow as pa


class Foreign(NamedTuple):
    """What a table holds.

    Attributes:
        inputs: what each vector was made of.
        vectors: (rows, dim), float32.
        others: the other columns.
        told: which columns were taken, in words.
    """

    inputs: list[str]
    vectors: Vectors
    others: pa.Table
    told: str


def read_foreign(path: Path, column: str | None = None, text: str | None = None, names: Sequence[str] = ()) -> Foreign:
    """A table with vectors, all of it.

    Args:
        path: a ``.parquet``, ``.csv`` or ``.jsonl`` file.
        column: of the vectors; else the only one that holds lists of numbers of one length.
        text: of what they were made of; else one that is called as the pipeline's inputs or as such columns mostly are.
        names: of the pipeline's inputs.

    Raises:
        InputError: it is no such table, nobody can tell which columns are meant, or a vector's numbers are not all
            finite.
    """
    table = _table(path)
    column = column or _only_vectors(path, table)
    text = text or next(
        (name for name in (*names, *FOREIGN_COLUMNS) if name in table.column_names and name != column), None
    )
    for name in (column, text):
        if name not in table.column_names:
            said = f"no column {name!r}" if name else "no column is called as those of inputs mostly are (--text NAME)"
            raise InputError(f"{path}: {said}: there are {', '.join(table.column_names)}")
    assert text is not None
    inputs = [None if each is None else str(each) for each in table.column(text).to_pylist()]
    if (empty := next((row for row, each in enumerate(inputs) if each is None), None)) is not None:
        raise InputError(f"{path}: row {empty + 1} has nothing in the column {text!r}")
    vectors = _matrix(path, column, table.column(column))
    others = table.drop_columns([column])
    return Foreign([each or "" for each in inputs], vectors, others, f"vectors in {column!r}, inputs in {text!r}")


def _table(path: Path) -> pa.Table:
    """Read by its ending."""
    suffix = path.suffix.lower()
    if suffix == ".npy":
        raise InputError(
            f"{path}: an array alone does not say what its rows came from: "
            "put both into a table, as in pandas.DataFrame({'text': texts, 'vector': list(vectors)}).to_parquet(…)"
        )
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        if suffix == ".csv":
            from pyarrow import csv

            parsing = csv.ParseOptions(newlines_in_values=True)
            return csv.read_csv(path, parse_options=parsing)
        if suffix in (".jsonl", ".ndjson"):
            from pyarrow import json

            return json.read_json(path)
        import pyarrow.parquet as pq

        return pq.read_table(path)
    except arrow().ArrowException as error:
        raise InputError(f"{path} cannot be read: {brief(error)}") from error


def _only_vectors(path: Path, table: pa.Table) -> str:
    """The column of vectors; of a CSV one whose cells are lists in JSON."""
    names = [field.name for field in table.schema if _holds_vectors(table.column(field.name))]
    if len(names) != 1:
        found = f"{len(names)} columns of vectors ({', '.join(names)})" if names else "no column of vectors"
        raise InputError(f"{path} has {found} among {', '.join(table.column_names)}: say which, --column NAME")
    return str(names[0])


def _holds_vectors(column: pa.ChunkedArray) -> bool:
    types = arrow().types
    kind = column.type
    if types.is_list(kind) or types.is_fixed_size_list(kind) or types.is_large_list(kind):
        return bool(types.is_floating(kind.value_type) or types.is_integer(kind.value_type))
    first = column[0].as_py() if types.is_string(kind) and len(column) else None
    return isinstance(first, str) and first.lstrip().startswith("[") and first.rstrip().endswith("]")


def _matrix(path: Path, name: str, column: pa.ChunkedArray) -> Vectors:
    """A column of lists as (rows, dim)."""
    from pyarrow import compute

    pa = arrow()
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    try:
        if pa.types.is_string(array.type):
            array = cells_of_json(array, pa.list_(pa.float32()))
        lengths = set(compute.list_value_length(array).to_pylist()) if len(array) else set()
    except pa.ArrowException as error:
        raise InputError(f"{path}: the column {name!r} holds no lists of numbers: {brief(error)}") from error
    if len(lengths) != 1 or None in lengths:
        said = ", ".join(map(str, sorted(lengths, key=str)[:5])) or "no rows"
        raise InputError(f"{path}: the column {name!r} holds no vectors of one length, but of: {said}")
    flat: Any = array.flatten().to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):  # what is too large is told below
        vectors = np.asarray(flat, np.float32).reshape(len(array), -1)
    wrong = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(wrong):
        raise InputError(
            f"{path}: {len(wrong):,} of {len(vectors):,} rows of the column {name!r} hold numbers that are missing or "
            f"not finite in float32, first row {wrong[0] + 1:,}: leave these rows out, or embed them anew"
        )
    return vectors


def adopted(foreign: Foreign, keys: Sequence[str], vectors: Vectors, column: str, about: dict[str, str]) -> pa.Table:
    """The same rows as a job would have written them.

    Args:
        foreign: the rows.
        keys: what names each.
        vectors: (rows, dim).
        column: what the vectors' column is called, as the pipeline's output.
        about: the schema's metadata: the space, the pipeline.
    """
    pa = arrow()
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    columns = {"input": pa.array(keys, pa.string()), column: pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])}
    kept = {name: foreign.others.column(name) for name in foreign.others.column_names if name not in columns}
    return pa.table({**columns, **kept}).replace_schema_metadata(about)

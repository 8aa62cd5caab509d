"""Sparse vectors read back from the files that they were written to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from junco.errors import InputError
from junco.settings import user_path
from junco.store.vectors import have_rows, is_sparse, parquet_files, rows_of, schema_of
from junco.types import SparseVector


class SparseSet(NamedTuple):
    """Sparse vectors with the inputs that they came from; ``None`` for a row without one."""

    keys: list[str]
    vectors: list[SparseVector | None]


def read_sparse_vectors(path: str | Path, column: str | None = None) -> SparseSet:
    """The sparse vectors of a ``.parquet`` file or a folder of Parquet files.

    Args:
        path: what a job has written.
        column: which column holds the vectors; else the only one there is.

    Raises:
        InputError: the file is missing or damaged, or holds no sparse vectors.
    """
    files = parquet_files(user_path(path))
    names = [field.name for field in schema_of(files) if is_sparse(field.type)]
    if column is None and not have_rows(files):  # of a job without rows nobody knows what the columns would hold
        return SparseSet([], [])
    if (column is None and len(names) != 1) or (column is not None and column not in names):
        told = f"{len(names)} columns of sparse vectors ({', '.join(names)})" if names else "no sparse vectors"
        raise InputError(f"{path} has {told}: say which, column='…'" if names else f"{path} has {told}")
    name = column or names[0]
    rows = rows_of(files, ["input", name])
    cells = rows.column(name).to_pylist()
    keys = rows.column("input").to_pylist() if "input" in rows.column_names else [str(i) for i in range(len(rows))]
    return SparseSet(keys, [cell and _vector(cell["indices"], cell["values"]) for cell in cells])


def _vector(indices: list[int], values: list[float]) -> SparseVector:
    return SparseVector(np.array(indices, np.int32), np.array(values, np.float32))

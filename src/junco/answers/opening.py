"""Sets out of what jobs wrote: files, folders, addresses, collections of vector stores."""

from __future__ import annotations

import os
from pathlib import Path

from junco.answers.answering import NAME_IT
from junco.answers.vector_set import VectorSet
from junco.errors import InputError
from junco.store.addresses import located
from junco.store.content import Joined
from junco.store.stored import Stored, WrittenAnewError
from junco.store.stored_rows import StoredRows
from junco.types.space import check_same
from junco.vector_store.installed import is_store


def open_set(path: str | Path, column: str | None = None) -> VectorSet:
    """A set of vectors that a job, or another program, has written: a ``.parquet`` or ``.npy`` file, or a folder.

    Or the collection of a vector store, which a job has written: ``lancedb:./db#photos``.

    Args:
        path: where it is.
        column: which column holds the vectors; else the one that the file names, or the only one there is.

    Raises:
        InputError: nothing is there, or no vectors.
        SpaceError: a folder whose files hold vectors of several spaces.
        UnavailableError: a vector store does not answer.
    """
    return VectorSet.of(_content_at(path, column))


def _content_at(path: str | Path, column: str | None) -> Stored | StoredRows:
    text = os.fspath(path)
    return StoredRows(text, column) if is_store(text) else Stored(located(path), column)


def read_vectors(*paths: str | Path, column: str | None = None) -> VectorSet:
    """The vectors of ``.parquet`` and ``.npy`` files, folders of Parquet files and vector stores, as one set in memory.

    Args:
        paths: one or more; several must hold vectors of one space.
        column: which column holds the vectors; else the one that the file names, or the only one there is.

    Raises:
        SpaceError: they hold vectors of several spaces, or several sets of an unknown one.
        InputError: a file is missing, or holds no vectors.
    """
    if not paths:
        raise InputError("read_vectors takes the path of at least one file")
    while True:
        sets = [_content_at(path, column) for path in paths]
        for path, other in zip(paths[1:], sets[1:], strict=True):
            check_same(other.space, sets[0].space, f"the vectors of {path}", f"those of {paths[0]}", NAME_IT)
        found = VectorSet.of(sets[0] if len(sets) == 1 else Joined(sets))
        try:
            _ = found.keys, found.vectors  # read now
        except WrittenAnewError:  # by a job, between the two
            continue
        return found

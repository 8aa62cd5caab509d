"""Rows for a store, and what is compared with what it gives back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.answers.opening import open_set
from junco.errors import JuncoError
from junco.store.arrow import arrow
from junco.store.durable import removed
from junco.store.payload import kept, kept_schema
from junco.store.rejects import rejects_beside
from junco.store.row_ids import numbered, numbers_of, texts_of, without_numbers
from junco.testing.letters import LETTERS, letters, texts
from junco.vector_store.contract import ID, INPUT, NUMBER, VectorStore
from junco.vector_store.installed import store_at

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.api import Pipeline
    from junco.job.report import JobReport
    from junco.types import Vectors

METADATA = {"junco.made": "1", "junco.pipeline": "Ünïcode 猫 '\"\\ and\nlines", "junco.long": "x" * 20_000}


def made_rows(count: int) -> pa.Table:
    """So many rows, with hostile texts among their inputs, and columns of texts, numbers and truth values."""
    pa = arrow()
    inputs = texts(count)[:count]
    ids = without_numbers(inputs)
    ids = numbered(ids, ids[:0])
    flat = pa.array(np.concatenate([letters(text) for text in inputs]))
    numbers = range(count)
    return pa.table(
        {
            ID: texts_of(ids),
            INPUT: pa.array(inputs, pa.string()),
            NUMBER: numbers_of(ids),
            "vector": pa.FixedSizeListArray.from_arrays(flat, len(LETTERS)),
            "size": pa.array(numbers, pa.int64()),
            "share": pa.array([number / count for number in numbers], pa.float64()),
            "is_long": pa.array([number % 3 == 0 for number in numbers]),
            "note": pa.array([("even", "odd", None)[number % 3] for number in numbers], pa.string()),
        }
    )


def opened(store: VectorStore, rows: pa.Table, metadata: Mapping[str, str] | None = None) -> None:
    """Make the collection for some rows."""
    store.open(_given(store, rows).schema, "vector", METADATA if metadata is None else metadata)


def _given(store: VectorStore, rows: pa.Table) -> pa.Table:
    schema = kept_schema(rows.drop_columns([ID, NUMBER]).schema, "vector", store.kinds)
    return kept(rows, schema)


def rows_in(store: VectorStore, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Some columns of all rows."""
    for piece in store.scan(columns):
        assert piece.column_names == list(columns), f"scan() gives {piece.column_names}, not {columns}"
        yield from piece.to_pylist()


def holds(store: VectorStore, rows: pa.Table) -> bool:
    """Whether a store holds just these rows."""
    names = rows.column_names
    found = sorted(rows_in(store, names), key=lambda row: str(row[ID]))
    wanted = sorted(rows.to_pylist(), key=lambda row: str(row[ID]))
    vectors, right = (np.array([row.pop("vector") for row in each]) for each in (found, wanted))
    return found == wanted and _alike(store, vectors, right)


def _alike(store: VectorStore, vectors: Vectors, wanted: Vectors) -> bool:
    """Whether vectors are those that were put in, as long or as the store keeps them."""
    if store.keeps_lengths:
        return np.array_equal(vectors, wanted)
    one, other = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vectors, wanted))
    return one.shape == other.shape and np.allclose(one, other, atol=1e-6)


def units_of_rows(rows: pa.Table) -> Vectors:
    """Their vectors at length 1."""
    flat = rows.column("vector").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = flat.reshape(rows.num_rows, -1)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def run(pipeline: Pipeline, source: Any, address: str, **options: Any) -> JobReport:
    """A job, without its progress."""
    return pipeline.run(source, address, progress=False, **options)


def check_set(address: str, wanted: Sequence[str]) -> None:
    """Read all back: each input once, with its own vector and columns."""
    found = open_set(address)
    assert Counter(found.keys) == Counter(wanted), f"{len(found)} rows, not {len(wanted)}"
    vectors = np.stack([letters(text) for text in found.keys])
    assert _alike(store_at(address), found.vectors, vectors), "each row has the vector of its input"
    assert found.columns.column("text").to_pylist() == found.keys, "each row has the columns of its input"
    assert found.verify(5).is_right, str(found.verify(5))


def must_refuse(call: Callable[[], object], error: type[JuncoError]) -> None:
    """A call that has to be refused."""
    try:
        call()
    except error:
        return
    raise AssertionError(f"was not refused with {error.__name__}")


def forget(address: str) -> None:
    """Remove the collection and what jobs kept of it."""
    with store_at(address) as store:
        with suppress(Exception):
            store.drop()
        beside = store.address.beside
    removed(beside.with_name(f".{beside.name}.junco"))
    removed(rejects_beside(beside))

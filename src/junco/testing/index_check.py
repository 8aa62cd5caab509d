"""Whether a store finds what is near by its index, as a large collection has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from junco.store.arrow import arrow
from junco.store.row_ids import numbered, numbers_of, texts_of, without_numbers
from junco.testing.stored import opened, units_of_rows
from junco.vector_store.contract import ID, INPUT, NUMBER, VectorStore
from junco.vector_store.installed import store_at

if TYPE_CHECKING:
    import pyarrow as pa

INDEXED_CHECK_ROWS = 1_200
"""Rows that are put in to be found by an index."""


def finds_with_an_index(address: str) -> None:
    """With an index, as a large collection has it: each row finds itself, and 95 of 100 nearest are found."""
    rows = random_rows(INDEXED_CHECK_ROWS, 32)
    units, ids = units_of_rows(rows), rows.column(ID).to_pylist()
    asked = np.arange(0, len(units), len(units) // 24)
    wanted = np.argsort(-units[asked] @ units.T, axis=1)[:, :10]
    with store_at(address) as store, indexed_from(type(store), 1_000):
        opened(store, rows)
        store.upsert(rows, are_new=True)
        store.finish()
        found = [[row.row[ID] for row in each] for each in store.search(units[asked], 10)]
        assert [each[0] for each in found] == [ids[number] for number in asked], "each row is nearest to itself"
        num_found = sum(
            len({ids[place] for place in right} & set(each)) for right, each in zip(wanted, found, strict=True)
        )
        assert num_found >= 0.95 * wanted.size, f"of the {wanted.size} nearest rows only {num_found} were found"
        store.drop()


def random_rows(count: int, dim: int) -> pa.Table:
    """So many rows with vectors that lie anywhere, which an index finds hardest."""
    pa = arrow()
    inputs = [f"row {number}" for number in range(count)]
    ids = without_numbers(inputs)
    ids = numbered(ids, ids[:0])
    flat = pa.array(np.random.default_rng(0).standard_normal(count * dim, np.float32))
    vectors = pa.FixedSizeListArray.from_arrays(flat, dim)
    columns = {ID: texts_of(ids), INPUT: pa.array(inputs, pa.string()), NUMBER: numbers_of(ids), "vector": vectors}
    return pa.table(columns)


@contextmanager
def indexed_from(kind: type[VectorStore], num_rows: int) -> Iterator[None]:
    """For a while, stores of a kind build their index from fewer rows on."""
    own = kind.indexed_rows
    if own is not None:
        kind.indexed_rows = num_rows
    try:
        yield
    finally:
        if own is not None:
            kind.indexed_rows = own

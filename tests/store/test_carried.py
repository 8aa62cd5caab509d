"""The rows of a collection that is made anew: in the order of their ids, however the store gives them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from junco.errors import TargetError
from junco.store.carried import Carried
from junco.store.payload import SCHEMA, schema_text
from junco.store.row_ids import numbered, texts_of, without_numbers
from junco.vector_store.contract import ID, VectorStore


class Mixed(VectorStore):
    """Gives its rows three at a time, in an order of its own."""

    def __init__(self, rows):
        super().__init__("mixed:db#rows")
        self.rows = rows

    def scan(self, columns):
        order = np.random.default_rng(0).permutation(self.rows.num_rows)
        for start in range(0, len(order), 3):
            yield self.rows.select(columns).take(order[start : start + 3])

    metadata = open = upsert = remove = drop = count = search = close = lambda *_: None


@pytest.fixture
def carried(tmp_path):
    ids = without_numbers([str(number) for number in range(50)])
    ids = numbered(ids, ids[:0])
    rows = pa.table({ID: texts_of(ids), "input": [str(number) for number in range(50)]})
    said = {SCHEMA: schema_text(rows.select(["input"]).schema)}
    return lambda count: Carried(lambda: Mixed(rows.slice(0, count)), said, ids, tmp_path / "rows.arrow")


@pytest.mark.parametrize(("start", "count"), [(0, 50), (0, 1), (17, 20), (49, 1), (10, 0)])
def test_rows_come_in_the_order_of_their_ids(carried, start, count):
    found = [text for piece in carried(50).rows(start, count) for text in piece.column("input").to_pylist()]
    assert found == [str(number) for number in range(start, start + count)]


def test_a_store_that_lost_rows_is_told(carried):
    with pytest.raises(TargetError, match="lost rows"):
        list(carried(49).rows(0, 50))

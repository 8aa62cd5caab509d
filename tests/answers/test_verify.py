"""Whether a set is what it says: inputs embedded anew, rows that are no numbers, doubles, what is gone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import VectorSet, open_set, pipeline
from junco.types import Space


@pytest.fixture
def documents(tmp_path):
    """A set of two documents in pieces."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("A cat sleeps. A rocket starts. Coffee is hot. " * 3, "utf-8")
    (tmp_path / "d" / "b.txt").write_text("The dependencies of a package.", "utf-8")
    with pipeline("document-embedding-minilm", size=16) as p:
        p.run(str(tmp_path / "d"), tmp_path / "v.parquet", progress=False)
    return tmp_path / "v.parquet"


def test_a_set_of_pieces_is_right_until_a_source_changes_or_is_gone(documents):
    verdict = open_set(documents).verify()
    assert verdict.is_right
    assert (verdict.num_sampled, verdict.is_same_space) == (2, True)
    assert verdict.lowest_cosine == pytest.approx(1, abs=1e-3)
    (documents.parent / "d" / "a.txt").write_text("Something else altogether.", "utf-8")
    (documents.parent / "d" / "b.txt").unlink()
    verdict = open_set(documents).verify()
    assert not verdict.is_right
    assert [key.endswith("a.txt") for key in verdict.foreign] == [True]
    assert [key.endswith("b.txt") for key, _ in verdict.missing] == [True]
    assert "not there any more" in str(verdict)


def test_a_set_of_another_space_is_wrong_and_nothing_of_it_is_embedded(documents):
    table, space = pq.read_table(documents), open_set(documents).space
    other = Space({**space.parts, "weights": "others"}, space.label)
    pq.write_table(
        table.replace_schema_metadata({**table.schema.metadata, b"junco.space.description": other.to_json()}), documents
    )
    verdict = open_set(documents).verify()
    assert (verdict.is_right, verdict.is_same_space, verdict.num_sampled) == (False, False, 0)


def test_rows_that_are_no_numbers_are_wrong_and_zeros_and_doubles_are_counted(tmp_path):
    vectors = np.array([[np.nan, 1], [0, 0], [1, 2], [1, 2], [1, 2]], np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 2)
    pq.write_table(pa.table({"input": ["a", "b", "c", "c", "d"], "vector": column}), tmp_path / "v.parquet")
    verdict = open_set(tmp_path / "v.parquet").verify()
    assert (verdict.num_not_finite, verdict.num_zero, verdict.num_repeated) == (1, 1, 1)
    assert not verdict.is_right
    assert "does not say which pipeline made it" in verdict.problem
    assert verdict.to_dict()["num_zero"] == 1


def test_an_empty_set_that_says_nothing_is_not_called_right():
    assert not VectorSet([], np.zeros((0, 0), np.float32)).verify().is_right

"""Whether a set is what it says: inputs embedded anew, rows that are no numbers, doubles, what is gone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import VectorSet, open_set, ops, pipe, pipeline
from junco.answers.verify import Verdict, looked_through
from junco.operator.function import op
from junco.store.content import InMemory
from junco.types import Space, Vector


@op("verify-test.letters")
def count_letters(text: str) -> Vector:
    """How often each letter comes."""
    return np.array([text.count(chr(97 + number)) for number in range(26)], np.float32)


@op("verify-test.both")
def count_both(a: str, b: str) -> Vector:
    """The letters of two texts."""
    return np.concatenate([count_letters(a), count_letters(b)])


@pytest.fixture
def letters(tmp_path):
    """Makes a set of texts."""

    def made(source, **options):
        p = pipe.input("text").map("text", "vector", ops.verify_test.letters()).output("vector", space="letters")
        p.run(source, tmp_path / "letters.parquet", progress=False, **options)
        return open_set(tmp_path / "letters.parquet")

    return made


@pytest.fixture
def both(tmp_path):
    """Makes a set of pairs of texts."""

    def made(source):
        p = pipe.input("a", "b").map(("a", "b"), "vector", ops.verify_test.both()).output("vector", space="both")
        p.run(source, tmp_path / "both.parquet", progress=False)
        return open_set(tmp_path / "both.parquet")

    return made


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
    assert verdict.outcome == "wrong"
    assert "1 of 2 inputs could not be embedded anew" in str(verdict)


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


def test_a_folder_of_texts_is_read_as_the_job_read_it(letters, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_text("\ufeffa cat sleeps", "utf-8")
    (tmp_path / "t" / "b.txt").write_text("dogs bark", "utf-8")
    found = letters(str(tmp_path / "t"))
    assert (found.verify().outcome, found.verify().num_sampled) == ("right", 2)
    (tmp_path / "t" / "a.txt").write_text("something else", "utf-8")
    assert [key.endswith("a.txt") for key in found.verify().foreign] == [True]


def test_a_text_whose_file_is_gone_is_not_checked_and_not_called_another(letters, tmp_path):
    (tmp_path / "t").mkdir()
    for name in "abc":
        (tmp_path / "t" / f"{name}.txt").write_text(name * 3, "utf-8")
    found = letters(str(tmp_path / "t"))
    (tmp_path / "t" / "a.txt").unlink()
    verdict = found.verify()
    assert (verdict.outcome, verdict.foreign, len(verdict.missing)) == ("not checked", (), 1)
    assert "no such file" in verdict.missing[0][1]


def test_a_text_that_is_the_name_of_a_file_may_be_meant_itself(letters, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.txt").write_text("something else", "utf-8")
    assert letters(["cat.txt", "gone.txt", "dog"]).verify().outcome == "right"


def test_a_text_that_came_twice_and_one_whose_vector_is_zero_are_right(letters):
    verdict = letters(["cat", "dog", "cat", "123", "456"]).verify()
    assert (verdict.outcome, verdict.num_sampled, verdict.lowest_cosine) == ("right", 4, pytest.approx(1))
    assert (verdict.num_zero, verdict.num_repeated) == (2, 1)


def test_one_of_two_rows_of_a_text_that_came_twice_may_be_wrong(letters):
    found = letters(["cat", "dog", "cat"])
    table = pq.read_table(found._content.path)
    moved = pa.chunked_array([pa.array(["cat", "cat", "dog"])])
    pq.write_table(table.set_column(table.schema.get_field_index("input"), "input", moved), found._content.path)
    verdict = open_set(found._content.path).verify()
    assert (verdict.outcome, sorted(verdict.foreign)) == ("wrong", ["cat", "dog"])


def test_a_set_that_does_not_hold_its_inputs_is_not_checked(letters, both, tmp_path):
    (tmp_path / "k.csv").write_text("id,text\n1,cat\n2,dog\n", "utf-8")
    verdict = letters(str(tmp_path / "k.csv"), key="id").verify()
    assert (verdict.outcome, verdict.is_right) == ("not checked", False)
    assert "'id'" in verdict.problem
    verdict = both([("cat", "x"), ("dog", "y")]).verify()
    assert verdict.outcome == "not checked"
    assert "takes a, b" in verdict.problem


@pytest.mark.parametrize("missing", [1, 49])
def test_a_set_of_which_some_inputs_are_missing_is_neither_right_nor_wrong(missing):
    gone = tuple((str(number), "gone") for number in range(missing))
    verdict = Verdict(50, num_sampled=50, lowest_cosine=1.0, missing=gone)
    assert (verdict.outcome, verdict.is_right, verdict.to_dict()["outcome"]) == ("not checked", False, "not checked")
    assert f"{missing} of 50 inputs could not be embedded anew" in str(verdict)


def test_only_the_vectors_of_sampled_rows_are_kept():
    class Pieces(InMemory):
        def vectors(self):
            raise AssertionError("all were read at once")

    content = Pieces(["a", "b", "c"], np.eye(3, dtype=np.float32), {}, None)
    verdict, taken = looked_through(content, [2, 0])
    assert verdict.num_rows == 3
    assert {number: row.tolist() for number, row in taken.items()} == {0: [1, 0, 0], 2: [0, 0, 1]}
    assert all(row.base is None for row in taken.values())

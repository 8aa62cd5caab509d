"""Contestants of ``video.py``: each turns the key frames of videos into vectors."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed


def plain() -> Work:
    """PyAV's own example of key frames, then Pillow and torch, a frame at a time."""
    import av
    import torch
    from lite0 import embed, load_model, prepare

    model = load_model()

    def pictures(path: str) -> Iterator[Any]:
        with av.open(path) as container:
            stream = container.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            for frame in container.decode(stream):
                yield prepare(frame.to_image())

    def run(paths: list[str]) -> list[Any]:
        return [embed(model, torch.unsqueeze(each, 0))[0] for path in paths for each in pictures(path)]

    return _work(run)


def junco() -> Work:
    """Decode and embed as in the shipped pipeline, whose vectors are left apart."""
    from junco import ops, pipe

    p = (
        pipe.input("path")
        .flat_map("path", "frame", ops.video_decode.keyframes(), name="decode")
        .map("frame", "vector", ops.image_embedding.efficientnet_lite(), name="embed")
        .output("vector")
    )
    return _work(lambda paths: [vector for vectors in p.batch(paths) for vector in vectors])


def memory() -> Work:
    """The key frames of one video, looked at one by one."""
    from junco import ops, pipe

    p = pipe.input("path").flat_map("path", "frame", ops.video_decode.keyframes()).output("frame")

    def work(path: str) -> dict[str, Any]:
        seconds, num = timed(lambda: sum(1 for _ in p.rows([path])))
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"seconds": seconds, "num_vectors": num, "peak_mib": peak_mib}

    return work


def _work(run: Callable[[list[str]], list[Any]]) -> Work:
    def work(listing: str, save_to: str) -> dict[str, Any]:
        paths = json.loads(Path(listing).read_text())
        seconds, vectors = timed(lambda: run(paths))
        np.save(f"{save_to}-{sys.argv[1]}.npy", np.asarray(vectors, np.float32))
        return {"seconds": seconds, "num_vectors": len(vectors)}

    return work


if __name__ == "__main__":
    serve(
        {"plain loop": plain, "junco": junco, "memory": memory},
        {"plain loop": ["torch", "pillow", "av"]},
    )

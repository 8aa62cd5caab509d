"""Contestants of ``objects.py``: each turns videos into the vectors of the objects in their key frames."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed

THRESHOLD, OVERLAP = 0.5, 0.6


def plain() -> Work:
    """PyAV and torch, one key frame and one crop at a time."""
    import av
    import torch
    from lite0 import embed, load_model, prepare
    from PIL import Image
    from torchvision.ops import batched_nms

    from junco.builtin.object_detection.anchors import anchors, decoded
    from junco.builtin.object_detection.ssd import resized
    from junco.models.mobilenet_ssd.weights import WEIGHTS, network

    detector, model, num_anchors = network(WEIGHTS.fetch("the plain loop")), load_model(), len(anchors())

    def boxes(pixels: Any) -> Any:
        with torch.inference_mode():
            numbers = detector(torch.from_numpy(resized(pixels, 300))[None])[0]
        scores = numbers[4 * num_anchors :].reshape(num_anchors, -1).sigmoid()[:, 1:]
        chosen, classes = (scores >= THRESHOLD).nonzero(as_tuple=True)
        edges = decoded(numbers[: 4 * num_anchors].reshape(num_anchors, 4)[chosen].numpy(), chosen.numpy())
        best = batched_nms(torch.from_numpy(edges), scores[chosen, classes], classes, OVERLAP)
        height, width = pixels.shape[:2]
        return np.floor(edges[best.numpy()].clip(0, 1) * (width, height, width, height) + 0.5).astype(int)

    def run(paths: list[str]) -> list[Any]:
        vectors = []
        for path in paths:
            with av.open(path) as video:
                video.streams.video[0].codec_context.skip_frame = "NONKEY"
                for frame in video.decode(video=0):
                    pixels = frame.to_ndarray(format="rgb24")
                    for x0, y0, x1, y1 in boxes(pixels):
                        crop = prepare(Image.fromarray(pixels[y0:y1, x0:x1]))
                        vectors.append(embed(model, crop[None])[0])
        return vectors

    return _work(run)


def junco() -> Work:
    """The family's default member, without what drops frames: then both see the same ones."""
    from junco import ops, pipeline

    p = pipeline("video-object-embedding").replace("dedup", ops.frame_dedup.dhash(distance=0))
    return _work(lambda paths: [row.vector for rows in p.batch(paths) for row in rows])


def _work(run: Callable[[list[str]], list[Any]]) -> Work:
    def work(listing: str, save_to: str) -> dict[str, Any]:
        seconds, vectors = timed(lambda: run(json.loads(Path(listing).read_text())))
        np.save(f"{save_to}-{sys.argv[1]}.npy", np.asarray(vectors, np.float32))
        return {"seconds": seconds}

    return work


if __name__ == "__main__":
    packages = ["av", "torch", "numpy"]
    serve(
        {"plain loop": plain, "junco": junco}, {"plain loop": packages, "junco": ["junco", "openvino", "av", "numpy"]}
    )

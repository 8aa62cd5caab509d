"""The stages of photos → vectors alone, on one thread of one core: what ``photos.py`` makes the roofline of."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BLOCK = 32

if hasattr(os, "sched_setaffinity"):  # before any library looks how many cores there are
    os.sched_setaffinity(0, {(max if "second" in sys.argv[1] else min)(os.sched_getaffinity(0))})
os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import numpy as np  # noqa: E402
from serving import Work, serve  # noqa: E402


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block for a stage."""
        started = time.perf_counter()
        yield
        self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - started


def own_operators() -> Work:
    """The operators as its plan makes them, one after the other, without its engine."""
    import torch

    from junco import pipeline

    torch.set_num_threads(1)
    nodes: list[Any] = [operation.step.node for operation in pipeline("image-embedding").plan.operations]
    steps = [(node.name, node.fn.create()) for node in nodes]
    for _, operator in steps:
        operator.ensure_open()

    def work(listing: str, save_to: str) -> dict[str, Any]:
        del save_to
        clock = Clock()
        for block in _blocks(listing):
            values: Any = block
            for name, operator in steps:
                with clock.stage(name):
                    values = operator.batch(values)
        return _answer(clock)

    return work


def by_hand(precision: str) -> Work:
    """JPEGs at reduced scale by Pillow's draft, OpenVINO with one stream and one thread."""
    import openvino
    import torch
    from lite0 import load_model
    from PIL import Image

    model = load_model()
    model.forward = lambda x: model.extract_features((x - 127) / 128).mean(dim=(2, 3))
    example = torch.zeros(BLOCK, 3, 224, 224)
    converted = openvino.convert_model(model, example_input=example, input=[-1, 3, 224, 224])
    options = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
    compiled = openvino.Core().compile_model(converted, "CPU", options)

    def read(path: str) -> Any:
        photo: Image.Image = Image.open(path)
        photo.draft("RGB", (256, 256))
        scale = 256 / min(photo.size)
        size = round(photo.width * scale), round(photo.height * scale)
        photo = photo.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
        return np.asarray(photo.crop((left, top, left + 224, top + 224)))

    def work(listing: str, save_to: str) -> dict[str, Any]:
        del save_to
        clock = Clock()
        for block in _blocks(listing):
            with clock.stage("decode"):
                pixels = np.stack([read(path) for path in block]).transpose(0, 3, 1, 2).astype(np.float32)
            with clock.stage("embed"):
                compiled(pixels)
        return _answer(clock)

    return work


def _blocks(listing: str) -> Iterator[list[str]]:
    paths = json.loads(Path(listing).read_text())
    for start in range(0, len(paths), BLOCK):
        yield paths[start : start + BLOCK]


def _answer(clock: Clock) -> dict[str, Any]:
    return {"seconds": sum(clock.stages.values()), "stages": clock.stages}


if __name__ == "__main__":
    serve(
        {
            "junco's operators, one thread": own_operators,
            "junco's operators, second core": own_operators,
            "by hand, float32": lambda: by_hand("f32"),
            "by hand, bfloat16": lambda: by_hand("bf16"),
        },
        {"by hand, float32": ["openvino"]},
    )

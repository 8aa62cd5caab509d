"""The stages of key frames → vectors by hand, on one thread of one core: what ``video.py`` makes the roofline of."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if hasattr(os, "sched_setaffinity"):  # before any library looks how many cores there are
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

from photo_stages import Clock
from serving import Work, serve

BLOCK = 32


def by_hand() -> Work:
    """PyAV with one scaler a video, then the embedding operator alone, which has the fastest faithful runtime."""
    import av
    import torch
    from av.video.reformatter import VideoReformatter

    from junco.operator import registry

    torch.set_num_threads(1)
    model = registry.load("image-embedding.efficientnet-lite")()
    model.ensure_open()

    def key_frames(paths: list[str]) -> Iterator[Any]:
        for path in paths:
            with av.open(path) as container:
                stream = container.streams.video[0]
                stream.codec_context.skip_frame = "NONKEY"
                stream.codec_context.thread_count = 1
                scaler = VideoReformatter()
                for frame in container.decode(stream):
                    yield scaler.reformat(frame, format="rgb24", src_colorspace=1, threads=1).to_ndarray()

    def work(listing: str, save_to: str) -> dict[str, Any]:
        del save_to
        clock, frames, is_over = Clock(), key_frames(json.loads(Path(listing).read_text())), False
        while not is_over:
            with clock.stage("decode"):
                block = [frame for frame, _ in zip(frames, range(BLOCK), strict=False)]
            is_over = len(block) < BLOCK
            if block:
                with clock.stage("embed"):
                    model.batch(block)
        return {"seconds": sum(clock.stages.values()), "stages": clock.stages}

    return work


if __name__ == "__main__":
    serve({sys.argv[1]: by_hand}, {})

"""Golden items: on them every way to run a model is compared with the reference."""

from __future__ import annotations

import io

import numpy as np

from junco.types import Image

GOLDEN_TEXTS = (
    "A photo of a cat.",
    "Two dogs run along the beach while the sun goes down behind the harbour and the last boats come in.",
    "x",
    "今天天气很好,我们去公园散步吧。",
    "def mean(values): return sum(values) / len(values)  # what is the mean of nothing?",
)
_SIZES = ((300, 400), (420, 280), (256, 256), (90, 200))
_PLAIN_SIZE = 64, 64
_GRAIN = 4.0


def golden_images() -> list[Image]:
    """Four of coloured waves, edges and grain, a black and a white one, alike anywhere: uint8 (height, width, 3)."""
    plain = [np.full((*_PLAIN_SIZE, 3), level, np.uint8) for level in (0, 255)]
    return [_picture(seed, height, width) for seed, (height, width) in enumerate(_SIZES)] + plain


def golden_jpeg(seed: int, shorter_side: int) -> bytes:
    """A golden picture enlarged as a camera would have taken it, with grain, as a JPEG of quality 90."""
    from PIL import Image as PilImage

    picture = PilImage.fromarray(_picture(seed, 300, 400)).resize(
        (shorter_side * 4 // 3, shorter_side), PilImage.Resampling.BICUBIC
    )
    grain = np.random.default_rng(seed).normal(0, _GRAIN, (*picture.size[::-1], 1))
    file = io.BytesIO()
    PilImage.fromarray((np.asarray(picture) + grain).clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()


def golden_video(seed: int, shorter_side: int) -> bytes:
    """The picture of `golden_jpeg` as the one frame of a video, with colours at half the size as in nearly all."""
    import av
    from PIL import Image as PilImage

    pixels = np.asarray(PilImage.open(io.BytesIO(golden_jpeg(seed, shorter_side))))
    file = io.BytesIO()
    with av.open(file, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.height, stream.width = pixels.shape[:2]
        stream.pix_fmt = "yuvj420p"
        stream.options = {"qmin": "2", "qmax": "2"}
        for packet in (*stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")), *stream.encode()):
            container.mux(packet)
    return file.getvalue()


def _picture(seed: int, height: int, width: int) -> Image:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    periods = rng.uniform(9, 60, (3, 2))
    waves = np.stack([np.sin(x / p + y / q) for p, q in periods], axis=2)
    # each channel has a level of its own, so that a swap of colours is a different picture
    levels = waves * rng.uniform(30, 80, 3) + rng.permutation([70, 128, 190]) + rng.normal(0, 8, waves.shape)
    top, left = height // 4, width // 3
    levels[top : top + height // 3, left : left + width // 3] = rng.uniform(0, 255, 3)
    picture: Image = levels.clip(0, 255).astype(np.uint8)
    return picture

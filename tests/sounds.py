"""Sounds that tests make: `tone`, `wav`, `coded`."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np


def tone(seconds: float, rate_hz: int, channels: int = 1, hz: float = 440.0, at: float = 0.3) -> np.ndarray:
    """A tone that grows louder: float64 (channels, n); each channel one octave above the one before."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return np.stack(
        [at * (0.5 + t / (2 * max(seconds, 1e-9))) * np.sin(2 * np.pi * hz * 2**c * t) for c in range(channels)]
    )


def wav(
    samples: np.ndarray, rate_hz: int, bits: int = 16, *, is_float: bool = False, claims: int | None = None
) -> bytes:
    """A WAV file, its header written by hand; ``claims``: bytes of samples that the header says."""
    if is_float:
        body = samples.T.astype("<f4").tobytes()
        bits = 32
    elif bits == 8:
        body = np.round(samples.T * 127 + 128).astype(np.uint8).tobytes()
    elif bits == 24:
        whole = np.round(samples.T * (2**23 - 1)).astype("<i4")
        body = np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    else:
        body = np.round(samples.T * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()
    channels, size = len(samples), len(body) if claims is None else claims
    width = bits // 8
    head = struct.pack(
        "<HHIIHH", 3 if is_float else 1, channels, rate_hz, rate_hz * channels * width, channels * width, bits
    )
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + head
        + b"data"
        + struct.pack("<I", size)
        + body
    )


def coded(
    samples: np.ndarray,
    rate_hz: int,
    container: str,
    codec: str,
    layout: str = "mono",
    *,
    video: bool = False,
    late_s: float = 0.0,
) -> bytes:
    """A sound coded by FFmpeg; ``video``: with pictures beside it; ``late_s``: the sound begins later than they do."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as made:
        sound = made.add_stream(codec, rate=rate_hz, layout=layout)
        if video:
            pictures = made.add_stream("mpeg4", rate=25, width=64, height=48, pix_fmt="yuv420p")
            for i in range(round((samples.shape[1] / rate_hz + late_s) * 25)):
                picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i % 255, np.uint8), format="rgb24")
                picture.pts = i
                made.mux(pictures.encode(picture))
            made.mux(pictures.encode(None))
        kind = sound.codec_context.format.name
        resampler = av.AudioResampler(kind, layout, rate_hz, frame_size=sound.codec_context.frame_size or 1024)
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout)
        whole.sample_rate, whole.pts, whole.time_base = rate_hz, round(late_s * rate_hz), Fraction(1, rate_hz)
        for frame in [*resampler.resample(whole), *resampler.resample(None)]:
            made.mux(sound.encode(frame))
        made.mux(sound.encode(None))
    return file.getvalue()

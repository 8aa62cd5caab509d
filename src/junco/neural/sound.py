"""Sound at an operator's door: clips that have samples, one channel, and the sample rate that a model takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from junco.errors import InputError, MissingExtraError
from junco.neural.spectrogram import Samples
from junco.types.media import AudioClip
from junco.wording import picture

_SAMPLES_AT_ONCE = 1 << 20
_GOLDEN_S = 2.5


def checked_clip(value: Any, owner: str) -> AudioClip:
    """The value, if it is sound.

    Raises:
        InputError: it is something else, has no samples, or some that are not finite.
    """
    if not isinstance(value, AudioClip):
        raise InputError(
            f"{owner!r} takes sound, an AudioClip(samples, sample_rate_hz), not {picture(value)}; 'audio-decode.av' "
            "makes clips of files and bytes"
        )
    samples = np.asarray(value.samples)
    if samples.dtype != np.float32 or samples.ndim != 2 or not value.sample_rate_hz > 0:
        raise InputError(
            f"{owner!r}: {picture(value)}: samples must be float32 (channels, n), in −1..1, at a rate above 0 Hz"
        )
    if not samples.size:
        raise InputError(f"{owner!r}: {picture(value)} has no samples")
    if not np.isfinite(samples).all():
        raise InputError(f"{owner!r}: {picture(value)} has samples that are not finite (NaN or infinite)")
    return value


def one_channel(clip: AudioClip, sample_rate_hz: int, owner: str) -> Samples:
    """The mean of a clip's channels (n,) at a sample rate.

    Raises:
        MissingExtraError: it has another sample rate, and PyAV is not installed.
    """
    mono: Samples = clip.samples[0] if len(clip.samples) == 1 else clip.samples.mean(axis=0, dtype=np.float32)
    return resampled(mono, clip.sample_rate_hz, sample_rate_hz, owner)


def resampled(samples: Samples, from_hz: int, to_hz: int, owner: str) -> Samples:
    """Samples (n,) at another rate, by FFmpeg's resampler: round(n · to / from) of them.

    Raises:
        MissingExtraError: PyAV is not installed.
    """
    if from_hz == to_hz:
        return samples
    try:
        import av
    except ModuleNotFoundError as error:
        raise MissingExtraError("av", "audio", repr(owner)) from error
    resampler = av.AudioResampler("fltp", "mono", to_hz)
    found = []
    for start in range(0, len(samples), _SAMPLES_AT_ONCE):
        piece = np.ascontiguousarray(samples[None, start : start + _SAMPLES_AT_ONCE])
        frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
        frame.sample_rate = from_hz
        found += resampler.resample(frame)
    found += resampler.resample(None)
    count = max(1, round(len(samples) * to_hz / from_hz))
    made = np.concatenate([np.zeros(0, np.float32), *(frame.to_ndarray()[0] for frame in found)])[:count]
    return np.pad(made, (0, count - len(made)))


def golden_clips(sample_rate_hz: int) -> list[AudioClip]:
    """A rising tone, a chord, clicks, noise that swells, and silence: 2.5 s each, alike anywhere."""
    time_s = np.arange(round(_GOLDEN_S * sample_rate_hz)) / sample_rate_hz
    rng = np.random.default_rng(0)
    sounds = (
        0.5 * np.sin(2 * np.pi * (150 * time_s + 500 * time_s**2)),
        0.2 * sum(np.sin(2 * np.pi * hz * time_s) * np.exp(-time_s) for hz in (262, 330, 392)),
        0.8 * (np.sin(2 * np.pi * 1900 * time_s) * np.exp(-60 * (time_s % 0.3))),
        rng.normal(0, 0.1, len(time_s)) * time_s,
        np.zeros(len(time_s)),
    )
    return [AudioClip(np.asarray(sound, np.float32)[None], sample_rate_hz) for sound in sounds]

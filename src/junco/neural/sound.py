"""Sound at an operator's door: clips with samples that are finite, mono at a sample rate; and golden ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from junco.errors import InputError, MissingExtraError
from junco.neural.resample import resampled
from junco.neural.spectrogram import Samples
from junco.types.media import AudioClip
from junco.wording import picture

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
    """A clip as most models take sound: the mean of its channels (n,), at their sample rate.

    Without a copy where it is that already.

    Raises:
        InputError: it is no sound, has no samples, or some that are not finite.
        MissingExtraError: it has another sample rate, and PyAV is not installed.
    """
    clip = checked_clip(clip, owner)
    mono: Samples = clip.samples[0] if len(clip.samples) == 1 else clip.samples.mean(axis=0, dtype=np.float32)
    if clip.sample_rate_hz != sample_rate_hz:
        try:
            (mono,) = resampled(mono[None], clip.sample_rate_hz, sample_rate_hz)
        except ModuleNotFoundError as error:
            raise MissingExtraError("av", "audio", repr(owner)) from error
    return mono


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
    return [AudioClip(np.asarray(sound, np.float32)[None].clip(-1, 1), sample_rate_hz) for sound in sounds]

"""A clip as most models take sound: one channel, at their sample rate."""

from __future__ import annotations

import numpy as np

from junco.builtin.extras import importing
from junco.builtin.resample import resampled
from junco.neural.sound import checked_clip
from junco.neural.spectrogram import Samples
from junco.types.media import AudioClip


def one_channel(clip: AudioClip, sample_rate_hz: int, owner: str) -> Samples:
    """The mean of a clip's channels (n,) at a sample rate; without a copy where it is that already.

    Raises:
        InputError: it is no sound, has no samples, or some that are not finite.
        MissingExtraError: it has another sample rate, and PyAV is not installed.
    """
    clip = checked_clip(clip, owner)
    mono: Samples = clip.samples[0] if len(clip.samples) == 1 else clip.samples.mean(axis=0, dtype=np.float32)
    if clip.sample_rate_hz != sample_rate_hz:
        with importing("audio", owner):
            (mono,) = resampled(mono[None], clip.sample_rate_hz, sample_rate_hz)
    return mono

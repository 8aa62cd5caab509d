"""How sound goes into YAMNet: log-mel patches of 0.96 s every 0.48 s, as Plakal and Ellis' own code makes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from junco.neural.sound import golden_clips, one_channel
from junco.neural.spectrogram import MelSpectrogram
from junco.types.media import AudioClip

SAMPLE_RATE_HZ = 16000
HOP_S = 0.48
PATCH_S = 0.96
SPECTROGRAM = MelSpectrogram(
    SAMPLE_RATE_HZ, num_mels=64, lowest_hz=125, highest_hz=7500, triangles="mel", log_offset=0.001
)
RECIPE = "16 kHz, log-mel 64 of 125 to 7500 Hz, 25 ms every 10 ms, patches of 96 every 48"
_FRAMES = 96
_HOP_FRAMES = 48


def log_mel_patches(clip: AudioClip, owner: str) -> Sequence[npt.NDArray[np.float32]]:
    """A clip's patches, float32 (96, 64); silence fills up the last, and a clip that is shorter than one.

    Raises:
        InputError: it is no sound, has no samples, or some that are not finite.
    """
    samples = one_channel(clip, SAMPLE_RATE_HZ, owner)
    least, hop = SPECTROGRAM.num_samples(_FRAMES), _HOP_FRAMES * SPECTROGRAM.hop
    num_hops = -(-max(0, len(samples) - least) // hop)
    if num_missing := least + num_hops * hop - len(samples):
        samples = np.pad(samples, (0, num_missing))
    mel = SPECTROGRAM(samples)
    return [mel[start : start + _FRAMES] for start in range(0, num_hops * _HOP_FRAMES + 1, _HOP_FRAMES)]


def golden() -> list[AudioClip]:
    """Sounds that differ, at the sample rate of the model."""
    return golden_clips(SAMPLE_RATE_HZ)

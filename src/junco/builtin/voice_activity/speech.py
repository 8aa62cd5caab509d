"""From how probable speech is, moment by moment, to stretches of speech: a rule of two thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]
"""(windows,)."""
Stretch = tuple[int, int]
"""The first sample, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When speech begins and ends; lengths are in samples.

    Attributes:
        enter: the probability from which on it is speech.
        leave: the one below which it is none any more.
        min_speech: stretches of so many samples, or fewer, are left out.
        min_silence: shorter pauses are part of the speech around them.
        pad: what is added before and after.
    """

    enter: float
    leave: float
    min_speech: int
    min_silence: int
    pad: int


def stretches(probabilities: Probabilities, num_samples: int, window: int, rule: Rule) -> list[Stretch]:
    """Stretches of speech in a sound of so many samples, a probability for each ``window`` of them."""
    found: list[Stretch] = []
    start = quiet = None
    for at, probability in zip(range(0, num_samples, window), probabilities.tolist(), strict=True):
        if probability >= rule.enter:
            start, quiet = at if start is None else start, None
        elif probability < rule.leave and start is not None:
            quiet = at if quiet is None else quiet
            if at - quiet >= rule.min_silence:
                found.append((start, quiet))
                start = quiet = None
    if start is not None:  # a pause that had just begun is part of it
        found.append((start, num_samples))
    return [(start, end) for start, end in found if end - start > rule.min_speech]


def padded(found: Sequence[Stretch], num_samples: int, pad: int) -> list[Stretch]:
    """Stretches with ``pad`` samples more on both sides; where the pause between two is shorter, each takes half."""
    made: list[Stretch] = []
    for index, (start, end) in enumerate(found):
        before = start if index == 0 else start - found[index - 1][1]
        after = num_samples - end if index == len(found) - 1 else found[index + 1][0] - end
        left = min(pad, before) if index == 0 else _share(before, pad)
        right = min(pad, after) if index == len(found) - 1 else _share(after, pad)
        made.append((start - left, end + right))
    return made


def _share(pause: int, pad: int) -> int:
    return pause // 2 if pause < 2 * pad else pad

"""Sound at another sample rate."""

from __future__ import annotations

import numpy as np

from junco.neural.resample import Resampler, resampled
from sounds import tone

RATE = 44_100


def test_pieces_resampled_one_after_the_other_are_the_whole():
    sound = tone(1, RATE, 2).astype(np.float32)
    one = Resampler(RATE, 16_000, 2)
    parts = [one(part) for part in np.array_split(sound, 17, axis=1)] + [one.rest()]
    assert np.array_equal(np.concatenate(parts, axis=1)[:, :16_000], resampled(sound, RATE, 16_000))

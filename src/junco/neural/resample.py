"""Sound at another sample rate, by FFmpeg's swresample: a windowed sinc filter, whose delay is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av.audio.resampler import AudioResampler

Samples = npt.NDArray[np.float32]
"""(channels, n)."""


class Resampler:
    """Resamples a sound that comes in pieces; its memory does not grow with the sound.

    Args:
        from_hz: the rate that it has.
        to_hz: the rate that is wanted.
        num_channels: each by itself, whatever its place in a room.
    """

    def __init__(self, from_hz: int, to_hz: int, num_channels: int) -> None:
        import av

        self._from_hz = from_hz
        self._is_same = from_hz == to_hz
        self._channels = [av.AudioResampler("fltp", "mono", to_hz) for _ in range(num_channels)]

    def __call__(self, samples: Samples) -> Samples:
        """What can be given once this has come: float32 (channels, n), the filter's length behind at most."""
        if self._is_same or not samples.shape[1]:
            return samples
        return _joined([_given(one, self._frame(row)) for one, row in zip(self._channels, samples, strict=True)])

    def rest(self) -> Samples:
        """What is left when all has come. Nothing may come afterwards."""
        if self._is_same:
            return np.empty((len(self._channels), 0), np.float32)
        return _joined([_given(one, None) for one in self._channels])

    def _frame(self, row: npt.NDArray[np.float32]) -> Any:
        import av

        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(row, np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate = self._from_hz
        return frame


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """A whole sound at another rate: float32 (channels, ⌈n · to_hz / from_hz⌉)."""
    if from_hz == to_hz:
        return samples
    one = Resampler(from_hz, to_hz, len(samples))
    given = np.concatenate([one(samples), one.rest()], axis=1)
    return given[:, : -(-samples.shape[1] * to_hz // from_hz)]


def _given(one: AudioResampler, frame: Any) -> npt.NDArray[np.float32]:
    made = [each.to_ndarray()[0] for each in one.resample(frame)]
    return np.concatenate(made) if made else np.empty(0, np.float32)


def _joined(rows: Sequence[npt.NDArray[np.float32]]) -> Samples:
    return np.stack(rows) if len(rows) > 1 else rows[0][None]

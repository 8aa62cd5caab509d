"""The spectrogram of a sound as a small picture: time to the right, pitch upwards, decibels as colours.

The magnitudes of a short-time Fourier transform (Allen and Rabiner, 1977) with Hann's window.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

COLUMNS, ROWS = 360, 72
WINDOW_S = 0.032
LOWEST_HZ = 60.0
RANGE_DB = 70.0
_WINDOWS_A_COLUMN = 4
_TURNS = ((6, 12, 24), (14, 74, 96), (20, 150, 130), (240, 190, 90), (255, 250, 225))
"""Colours from the softest to the loudest, between which the others lie."""


def spectrogram(samples: npt.NDArray[Any], rate_hz: float) -> npt.NDArray[np.uint8]:
    """The picture (`ROWS`, up to `COLUMNS`) of levels 0–255, 255 the loudest.

    Each column is the mean energy of some windows in its time, however long the sound is; a row holds the
    frequencies of its share of the octaves between `LOWEST_HZ` and half the sample rate.

    Args:
        samples: of one channel, at least one.
        rate_hz: of the samples.
    """
    window = 1 << int(np.clip(np.rint(np.log2(rate_hz * WINDOW_S)), 5, 12))
    sound = np.concatenate([samples, np.zeros(max(0, window - samples.size), samples.dtype)])
    num_columns = min(COLUMNS, max(1, 2 * sound.size // window))
    starts = np.linspace(0, sound.size - window, num_columns * _WINDOWS_A_COLUMN).astype(np.int64)
    energies = [_energies(sound, part, window) for part in np.array_split(starts, num_columns)]
    rows = _by_octave(np.stack(energies, axis=1), rate_hz)
    levels = 10 * np.log10(np.maximum(rows, 1e-20))
    most = max(float(levels.max()), -100.0)  # silence is dark, not its own loudest moment
    return np.rint(np.clip((levels - most) / RANGE_DB + 1, 0, 1) * 255).astype(np.uint8)[::-1]


def palette() -> list[int]:
    """The colours of the 256 levels, red, green and blue in turn."""
    at = np.linspace(0, len(_TURNS) - 1, 256)
    channels = [np.interp(at, range(len(_TURNS)), [turn[channel] for turn in _TURNS]) for channel in range(3)]
    return [int(value) for value in np.rint(np.stack(channels, axis=1)).ravel()]


def _energies(sound: npt.NDArray[Any], starts: npt.NDArray[np.int64], window: int) -> npt.NDArray[np.float64]:
    windows = np.stack([sound[start : start + window] for start in starts]).astype(np.float64)
    windows = np.clip(np.nan_to_num(windows, posinf=0, neginf=0), -1e6, 1e6)
    return np.asarray((np.abs(np.fft.rfft(windows * np.hanning(window), axis=1)) ** 2).mean(axis=0))


def _by_octave(bins: npt.NDArray[np.float64], rate_hz: float) -> npt.NDArray[np.float64]:
    """Means of the bins of each row; where rows are finer than bins, the value between these."""
    num_bins = len(bins)
    lowest = min(LOWEST_HZ, rate_hz / 8) / (rate_hz / 2) * (num_bins - 1)
    edges = np.geomspace(lowest, num_bins - 1, ROWS + 1)
    rows = []
    for low, high in pairwise(edges):
        if high - low >= 2:
            rows.append(bins[int(low) : int(high)].mean(axis=0))
            continue
        middle = (low + high) / 2
        below, share = int(middle), middle - int(middle)
        rows.append((1 - share) * bins[below] + share * bins[min(below + 1, num_bins - 1)])
    return np.stack(rows)

"""`MelSpectrogram`: sound → its energy by time and pitch, which most models of sound take. In numpy alone.

The mel scale: Stevens, Volkmann and Newman, "A scale for the measurement of the psychological magnitude pitch" (1937),
by the formula of O'Shaughnessy (1987), which HTK, Kaldi and TensorFlow use, or by that of Slaney's Auditory Toolbox
(1998), which librosa uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError

Samples = npt.NDArray[np.float32]
"""Samples of one channel (n,)."""
Spectrogram = npt.NDArray[np.float32]
"""A row for each frame, a column for each band (num_frames, num_mels)."""
Floats = npt.NDArray[np.floating[Any]]
Scale = Literal["htk", "slaney"]
"""How pitch is read from a frequency: ``htk`` logarithmic all over, ``slaney`` linear below 1,000 Hz."""

_FRAMES_AT_ONCE = 512
"""So that their spectra stay in a processor's cache."""
_SLANEY_LINEAR_HZ = 1000.0
_SLANEY_HZ_A_MEL = 200 / 3
_SLANEY_STEP = np.log(6.4) / 27


@dataclass(frozen=True, slots=True)
class MelSpectrogram:
    """How sound becomes a mel spectrogram.

    The window is Hann's, periodic. A frame of ``window`` samples is filled up with zeros to ``fft`` samples.

    Attributes:
        sample_rate_hz: of the samples.
        window: samples in a frame.
        hop: samples from the start of one frame to the next.
        fft: samples of the Fourier transform, at least ``window``.
        num_mels: bands.
        lowest_hz, highest_hz: where the first band begins and the last ends.
        power: 1 for magnitudes, 2 for energies.
        scale: of pitch: ``htk`` or ``slaney``.
        triangles: in what the bands are triangles: ``hz`` (librosa, torchaudio) or ``mel`` (TensorFlow, Kaldi).
        equal_area: divide each band by half its width in Hz (Slaney's norm), so that white noise is alike in all.
        log_offset: gives log(x + offset); ``None``: x itself.
        edges: ``none``: frames lie inside the sound, what is left at its end is in none; ``zeros`` or ``reflect``: the
            frames' middles are at 0, hop, 2·hop …, with silence or the sound's mirror image around it.
    """

    sample_rate_hz: int = 16000
    window: int = 400
    hop: int = 160
    fft: int = 512
    num_mels: int = 64
    lowest_hz: float = 0.0
    highest_hz: float = 8000.0
    power: float = 1.0
    scale: Scale = "htk"
    triangles: Literal["hz", "mel"] = "hz"
    equal_area: bool = False
    log_offset: float | None = None
    edges: Literal["none", "zeros", "reflect"] = "none"

    def __post_init__(self) -> None:
        if self.hop < 1 or not 0 < self.window <= self.fft:
            raise ContractError(f"hop={self.hop}, window={self.window}, fft={self.fft}: 0 < hop, 0 < window ≤ fft")
        if not 0 <= self.lowest_hz < self.highest_hz <= self.sample_rate_hz / 2:
            raise ContractError(
                f"bands from {self.lowest_hz} to {self.highest_hz} Hz: upwards, within 0 and half the sample rate"
            )

    def num_frames(self, num_samples: int) -> int:
        """How many frames a sound of so many samples gives."""
        if self.edges != "none":
            num_samples += self.window // 2 * 2
        return max(0, 1 + (num_samples - self.window) // self.hop)

    def num_samples(self, num_frames: int) -> int:
        """The fewest samples that give so many frames."""
        inside = (num_frames - 1) * self.hop + self.window
        return inside if self.edges == "none" else inside - self.window // 2 * 2

    def __call__(self, samples: Samples) -> Spectrogram:
        """The spectrogram of one channel: float32 (num_frames, num_mels).

        Args:
            samples: (n,), at the sample rate; with ``edges="reflect"`` more than half a window of them.

        Raises:
            ContractError: they are of another shape, or too few to be mirrored.
        """
        if samples.ndim != 1:
            raise ContractError(f"a spectrogram is of one channel (n,), not of samples of shape {samples.shape}")
        count = self.num_frames(len(samples))
        found = np.empty((count, self.num_mels), np.float32)
        if not count:
            return found
        frames = np.lib.stride_tricks.sliding_window_view(self._surrounded(samples), self.window)[:: self.hop]
        hann, filters = _hann(self.window), mel_filters(self)
        for start in range(0, count, _FRAMES_AT_ONCE):
            some = slice(start, min(start + _FRAMES_AT_ONCE, count))
            np.matmul(self._strengths(frames[some] * hann), filters, out=found[some])
        return found if self.log_offset is None else np.log(found + np.float32(self.log_offset))

    def _surrounded(self, samples: Samples) -> Samples:
        samples = np.ascontiguousarray(samples, np.float32)
        if self.edges == "none":
            return samples
        half = self.window // 2
        if self.edges == "reflect" and len(samples) <= half:
            raise ContractError(f"{len(samples)} samples are too few to be mirrored by {half} at their edges")
        return np.pad(samples, half, "reflect" if self.edges == "reflect" else "constant")

    def _strengths(self, frames: Spectrogram) -> Spectrogram:
        spectrum = np.fft.rfft(frames, self.fft)
        if self.power == 1:
            return np.abs(spectrum).astype(np.float32, copy=False)
        energies = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        return energies if self.power == 2 else energies ** np.float32(self.power / 2)


@cache
def mel_filters(of: MelSpectrogram) -> Spectrogram:
    """The bands' weights for each frequency of the Fourier transform: float32 (fft // 2 + 1, num_mels)."""
    frequencies = np.arange(of.fft // 2 + 1) * (of.sample_rate_hz / of.fft)
    lowest, highest = hz_to_mel(np.array([of.lowest_hz, of.highest_hz]), of.scale).tolist()
    corners = np.linspace(lowest, highest, of.num_mels + 2)
    corners_hz = mel_to_hz(corners, of.scale)
    if of.triangles == "mel":
        weights = _triangles(hz_to_mel(frequencies, of.scale), corners)
    else:
        weights = _triangles(frequencies, corners_hz)
    if of.equal_area:
        weights *= 2 / (corners_hz[2:] - corners_hz[:-2])
    filters = weights.astype(np.float32)
    filters.flags.writeable = False
    return filters


def hz_to_mel(hz: Floats, scale: Scale) -> Floats:
    """Pitch in mel of frequencies in Hz."""
    if scale == "htk":
        return np.asarray(2595 * np.log10(1 + hz / 700))
    above = np.log(np.maximum(hz, _SLANEY_LINEAR_HZ) / _SLANEY_LINEAR_HZ) / _SLANEY_STEP
    return np.asarray(np.minimum(hz, _SLANEY_LINEAR_HZ) / _SLANEY_HZ_A_MEL + above)


def mel_to_hz(mel: Floats, scale: Scale) -> Floats:
    """The inverse of `hz_to_mel`."""
    if scale == "htk":
        return np.asarray(700 * (10 ** (mel / 2595) - 1))
    linear = _SLANEY_LINEAR_HZ / _SLANEY_HZ_A_MEL
    above = np.exp(_SLANEY_STEP * np.maximum(mel - linear, 0))
    return np.asarray(np.minimum(mel, linear) * _SLANEY_HZ_A_MEL * above)


def _triangles(places: Floats, corners: Floats) -> Floats:
    """For each place its height in each triangle: (places, triangles); corner k + 1 is the tip of triangle k."""
    widths = np.diff(corners)
    rising = (places[:, None] - corners[None, :-2]) / widths[:-1]
    falling = (corners[None, 2:] - places[:, None]) / widths[1:]
    return np.maximum(0, np.minimum(rising, falling))


@cache
def _hann(length: int) -> Samples:
    made = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
    made.flags.writeable = False
    return made

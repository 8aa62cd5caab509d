"""Sound becomes energies by time and pitch, inside the network: what a model needs to take plain samples."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from junco.errors import ParameterError
from junco.nn.parts import check_room, check_sizes


class Spectrogram(nn.Module):
    """The energy of each frequency in each frame: one product, without complex numbers, so that all runtimes have it.

    Shapes: (n, samples) → (n, fft // 2 + 1, frames), with 1 + samples // hop frames for an even ``window``; without
    ``centred`` 1 + (samples - window) // hop

    Formula: y = |F (h · x)|², with F the Fourier transform of a frame, h Hann's window

    Allen, Rabiner, "A Unified Approach to Short-Time Fourier Analysis and Synthesis" (1977).

    Args:
        window: samples in a frame, which zeros fill up to ``fft``.
        hop: samples from one frame to the next.
        fft: samples of the Fourier transform.
        centred: the frames' middles are at 0, hop, 2 · hop …, with the sound's mirror image at its ends.
    """

    waves: Tensor

    def __init__(self, window: int = 400, hop: int = 160, fft: int = 512, *, centred: bool = True) -> None:
        super().__init__()
        check_sizes("Spectrogram", window=window, hop=hop, fft=fft)
        check_room("Spectrogram", 2 * (fft // 2 + 1), window)
        if window > fft:
            raise ParameterError(f"Spectrogram: window={window} is longer than fft={fft}, which is to hold it")
        self.hop, self.edge = hop, window // 2 if centred else 0
        self.register_buffer("waves", _waves(window, fft), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        sound = functional.pad(samples[:, None], (self.edge, self.edge), mode="reflect")
        cosines, sines = functional.conv1d(sound, self.waves, stride=self.hop).chunk(2, dim=1)
        return cosines.square() + sines.square()


class MelBands(nn.Module):
    """Energies of frequencies become energies of bands, which are equally wide as people hear pitch.

    Shapes: (n, fft // 2 + 1, frames) → (n, num_bands, frames)

    Formula: y = M x, with the rows of M triangles whose corners are equally far apart in m = 2595 log₁₀(1 + Hz / 700)

    O'Shaughnessy, "Speech Communication: Human and Machine" (1987).

    Args:
        num_bands: rows of M.
        sample_rate_hz: of the sound.
        fft: samples of the Fourier transform.
        lowest_hz, highest_hz: where the first band begins and the last ends; half the sample rate where none is given.
    """

    triangles: Tensor

    def __init__(
        self,
        num_bands: int = 80,
        sample_rate_hz: int = 16000,
        fft: int = 512,
        *,
        lowest_hz: float = 0.0,
        highest_hz: float | None = None,
    ) -> None:
        super().__init__()
        check_sizes("MelBands", num_bands=num_bands, sample_rate_hz=sample_rate_hz, fft=fft)
        check_room("MelBands", num_bands, fft // 2 + 1)
        half = sample_rate_hz / 2
        highest = half if highest_hz is None else float(highest_hz)
        if not 0 <= lowest_hz < highest <= half:
            raise ParameterError(
                f"MelBands: from {lowest_hz:g} to {highest:g} Hz: bands go upwards, within 0 and {half:g} Hz, half the "
                "sample rate"
            )
        frequencies = torch.arange(fft // 2 + 1, dtype=torch.float64) * (sample_rate_hz / fft)
        triangles = _triangles(frequencies, num_bands, lowest_hz, highest)
        self.register_buffer("triangles", triangles, persistent=False)

    def forward(self, energies: Tensor) -> Tensor:
        return self.triangles @ energies


class LogMel(nn.Module):
    """The front end of most models of sound: the logarithm of energies by time and pitch.

    Shapes: (n, samples) → (n, num_bands, frames)

    Formula: y = log(bands(spectrogram(x)) + ε)

    Davis, Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word Recognition" (1980).

    Args:
        spectrogram: gives energies of frequencies: `Spectrogram`.
        bands: makes bands of them: `MelBands`.
        offset: ε.
    """

    def __init__(self, spectrogram: nn.Module, bands: nn.Module, offset: float = 1e-6) -> None:
        super().__init__()
        if offset <= 0:
            raise ParameterError(f"LogMel: offset={offset} must be greater than 0: silence has no logarithm")
        self.spectrogram, self.bands, self.offset = spectrogram, bands, offset

    def forward(self, samples: Tensor) -> Tensor:
        energies: Tensor = self.bands(self.spectrogram(samples))
        return (energies + self.offset).log()


def _triangles(frequencies: Tensor, num_bands: int, lowest_hz: float, highest_hz: float) -> Tensor:
    """The weight of each frequency in each band: (bands, frequencies)."""
    lowest, highest = (2595 * math.log10(1 + hz / 700) for hz in (lowest_hz, highest_hz))
    shares = torch.arange(num_bands + 2, dtype=torch.float64) / (num_bands + 1)
    corners = 700 * (10 ** ((lowest + (highest - lowest) * shares) / 2595) - 1)
    widths = corners.diff()
    rising = (frequencies - corners[:-2, None]) / widths[:-1, None]
    falling = (corners[2:, None] - frequencies) / widths[1:, None]
    return torch.minimum(rising, falling).clamp(min=0).float()


def _waves(window: int, fft: int) -> Tensor:
    """The cosines and sines of each frequency under Hann's window: (2 · (fft // 2 + 1), 1, window)."""
    steps = torch.arange(window, dtype=torch.float64)
    hann = 0.5 - 0.5 * torch.cos(2 * math.pi * steps / window)
    turns = torch.arange(fft // 2 + 1, dtype=torch.float64)[:, None] * steps * (2 * math.pi / fft)
    return (torch.cat([turns.cos(), turns.sin()]) * hann).float()[:, None]

"""How the audio models of transformers take sound, and where their vector is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.neural.spectrogram import Samples

if TYPE_CHECKING:
    import torch

_LEAST_S = 0.1
"""Shorter sound is filled up with silence: a model's first layers need some."""
_AST_FRAME_S, _AST_HOP_S = 0.025, 0.010
_WHISPER_STRIDE = 2
"""Frames of its spectrogram for each vector of Whisper's encoder."""


@dataclass(frozen=True, slots=True)
class Way:
    """How sound goes into a kind of model.

    Attributes:
        pooling: in words.
        is_fixed: whether sound is filled up to one length, so that a pass may hold many rows.
    """

    pooling: str
    is_fixed: bool


WAYS = {
    "clap": Way("the audio projection, of length 1", True),
    "audio-spectrogram-transformer": Way("the pooled output", True),
    "whisper": Way("the encoder's mean over the time that has sound", True),
}
OTHERS = Way("the encoder's mean over time", False)


def way_of(kind: str) -> Way:
    """How sound goes into that ``model_type``."""
    return WAYS.get(kind, OTHERS)


def most_samples(extractor: Any, kind: str, piece_s: float) -> int:
    """Samples that the model takes at once."""
    rate = int(extractor.sampling_rate)
    if kind == "clap":
        return int(extractor.nb_max_samples)
    if kind == "whisper":
        return int(extractor.n_samples)
    if kind == "audio-spectrogram-transformer":
        return int(((extractor.max_length - 1) * _AST_HOP_S + _AST_FRAME_S) * rate)
    return int(piece_s * rate)


def pieces(samples: Samples, most: int) -> Sequence[Samples]:
    """A sound (n,) in pieces of so many samples; the last may be shorter."""
    return [samples[start : start + most] for start in range(0, len(samples), most)]


def taken(extractor: Any, kind: str, samples: Samples) -> tuple[npt.NDArray[Any], ...]:
    """What goes into the model of one piece (n,), by the model's own feature extractor: arrays without a first axis."""
    rate = extractor.sampling_rate
    padded = np.pad(samples, (0, max(0, round(_LEAST_S * rate) - len(samples))))
    made = extractor(padded, sampling_rate=rate, return_tensors="np")
    features = np.asarray(made["input_values" if "input_values" in made else "input_features"][0], np.float32)
    if kind != "whisper":
        return (features,)
    num_vectors = features.shape[-1] // _WHISPER_STRIDE
    num_heard = -(-len(samples) // (extractor.hop_length * _WHISPER_STRIDE))
    return features, (np.arange(num_vectors) < num_heard).astype(np.float32)


def module(network: Any, kind: str) -> torch.nn.Module:
    """The model → one vector for each row, in one graph."""
    import torch

    encoder = network.get_encoder() if network.config.is_encoder_decoder else network

    class Embedding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network if kind == "clap" else encoder

        def forward(self, features: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
            found: torch.Tensor
            if kind == "clap":  # the library says so of each clip that is alone, however short, and fusion needs it
                is_longer = torch.ones((len(features), 1), dtype=torch.bool, device=features.device)
                return torch.as_tensor(self.network.get_audio_features(features, is_longer=is_longer).pooler_output)
            output = self.network(features)
            if kind == "audio-spectrogram-transformer":
                return torch.as_tensor(output.pooler_output)
            found = output.last_hidden_state
            if mask is None:
                return found.mean(dim=1)
            return (found * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)

    return Embedding().eval()

"""``speaker-embedding.transformers``: any x-vector model of transformers, by its usual name or a local folder.

Snyder, Garcia-Romero, Sell, Povey and Khudanpur, "X-Vectors: Robust DNN Embeddings for Speaker Recognition" (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from junco.builtin.hub_model.files import read_json
from junco.builtin.hub_model.loading import bare_network, loaded_network
from junco.builtin.transformers_sound.model import SoundModel
from junco.errors import ParameterError
from junco.runtime.source import Input, Source

if TYPE_CHECKING:
    import torch

KINDS = ("data2vec-audio", "unispeech-sat", "wav2vec2", "wav2vec2-bert", "wav2vec2-conformer", "wavlm")
"""The kinds of models that transformers has x-vectors of."""
LEAST_S = 0.5
"""Shorter speech is filled up with silence: the layers above the encoder need some of its vectors."""


class TransformersSpeaker(SoundModel, family="speaker-embedding", name="transformers"):
    """Embeds speech with an x-vector model of transformers: WavLM, UniSpeech-SAT, Wav2Vec2 … ``ForXVector``.

    Code from model repositories never runs. A clip's channels become their mean at the sample rate of the model's
    feature extractor. What is longer than a piece goes through the model in pieces, which count by their lengths; what
    is shorter than 0.5 s is filled up with silence.

    Args:
        model: a name on the Hugging Face Hub, ``owner/name`` or ``owner/name@revision``, read from its cache without a
            network where it is there, or a folder.
        piece_s: seconds at once.
        pool: of the pieces' vectors: ``mean``, or ``max``, the most in each number.
        normalize: scale vectors to length 1, after truncation.
        runtime: ``auto`` or ``torch``, since speech is of any length.
    """

    model: str | Path = "microsoft/wavlm-base-plus-sv"
    normalize: bool = True

    def source(self) -> Source:
        """By the files, unread."""
        self._check_kind()
        shapes = [(1, *(None for _ in array.shape)) for array in self.patches(self.golden()[0])[0]]
        return Source(
            build=lambda: self._network(loaded_network),
            weights=self.model_files,
            recipe=f"{self.kind}, x-vectors, pieces of {self.most} samples",
            inputs=tuple(Input(f"input{index}", "float32", shape) for index, shape in enumerate(shapes)),
            packages=("transformers",),
            network="network",
        )

    def taken_of(self, piece: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        least = round(LEAST_S * int(self.extractor.sampling_rate))
        return super().taken_of(np.pad(piece, (0, max(0, least - len(piece)))))

    def skeleton(self) -> Source:
        """By the configuration."""
        return replace(self.source(), build=lambda: self._network(bare_network), weights=())

    def _network(self, made: Callable[[Path, Any], Any]) -> torch.nn.Module:
        from transformers import AutoModelForAudioXVector

        return _x_vectors(made(self.folder, AutoModelForAudioXVector))

    def _check_kind(self) -> None:
        told = read_json(self.model_files[0]).get("architectures") or [""]
        if self.kind not in KINDS or not str(told[0]).endswith("ForXVector"):
            raise ParameterError(
                f"{self.name!r}: model={str(self.model)!r} is {told[0] or self.kind!r} and gives no x-vectors: take a "
                f"…ForXVector of {', '.join(KINDS)}; 'audio-embedding.transformers' takes others"
            )


def _x_vectors(network: Any) -> torch.nn.Module:
    """The model → one vector for each row."""
    import torch

    class XVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return torch.as_tensor(self.network(features).embeddings)

    return XVectors().eval()

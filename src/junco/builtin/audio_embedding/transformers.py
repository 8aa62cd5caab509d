"""``audio-embedding.transformers``: any audio model of transformers, by its usual name or a local folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from junco.builtin.hub_model.loading import bare_network, loaded_network
from junco.builtin.hub_model.model import check_model
from junco.builtin.transformers_sound.model import SoundModel
from junco.builtin.transformers_sound.ways import module
from junco.operator.options import option
from junco.runtime.source import Input, Source


class TransformersAudio(SoundModel, family="audio-embedding", name="transformers"):
    """Embeds sound with an audio model of transformers; code from model repositories never runs.

    The vector of CLAP is its audio projection, that of AST the pooled output, that of Whisper the encoder's mean over
    the time that has sound, and that of all others (Wav2Vec2, HuBERT, WavLM …) the encoder's mean over time. A clip's
    channels become their mean at the sample rate of the model's feature extractor. What is longer than the model takes
    goes through it in pieces, which count by their lengths.

    Args:
        model: a name on the Hugging Face Hub, ``owner/name`` or ``owner/name@revision``, read from its cache without a
            network where it is there, or a folder.
        piece_s: seconds at once, for models that take any length; CLAP, AST and Whisper have a length of their own.
        pool: of the pieces' vectors: ``mean``, or ``max``, the most in each number.
        runtime: ``auto``, ``torch``, ``openvino`` or ``onnxruntime``; models that take any length run in ``torch``.
    """

    model: str | Path = option("laion/clap-htsat-unfused", check=check_model)

    def source(self) -> Source:
        """By the files, unread."""
        first = self.patches(self.golden()[0])[0]
        if self.way.is_fixed:
            inputs = [(None, *array.shape) for array in first]
        else:  # rows of a pass would have to be of one length
            inputs = [(1, *(None for _ in array.shape)) for array in first]
        return Source(
            build=lambda: self._network(loaded_network),
            weights=self.model_files,
            recipe=f"{self.kind}, {self.way.pooling}, pieces of {self.most} samples",
            inputs=tuple(Input(f"input{index}", "float32", shape) for index, shape in enumerate(inputs)),
            packages=("transformers",),
            network="network",
        )

    def skeleton(self) -> Source:
        """By the configuration."""
        return replace(self.source(), build=lambda: self._network(bare_network), weights=())

    def _network(self, made: Callable[[Path, Any], Any]) -> Any:
        from transformers import AutoModel

        return module(made(self.folder, AutoModel), self.kind)

"""``audio-embedding.transformers``: any audio model of transformers, by its usual name or a local folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.audio_embedding import transformers_files as files
from junco.builtin.audio_embedding.transformers_sound import Way, module, most_samples, pieces, taken, way_of
from junco.builtin.extras import check_installed
from junco.builtin.model_files import check_model
from junco.builtin.one_channel import one_channel
from junco.neural.compute import Compute
from junco.neural.patches import PatchEmbedding, Patches
from junco.neural.sound import golden_clips
from junco.operator.options import option
from junco.runtime.source import Input, Source
from junco.types.media import AudioClip


class TransformersAudio(PatchEmbedding, family="audio-embedding", name="transformers"):
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
    piece_s: float = option(30.0, least=1)

    def fetch(self) -> None:
        for package in ("torch", "transformers"):
            check_installed(package, "audio", self.name)
        super().fetch()
        self.compute  # noqa: B018  # refuses a runtime that cannot run it

    @cached_property
    def compute(self) -> Compute:
        """Torch, where sounds differ in length: rows of a pass would have to be of one."""
        if self._way.is_fixed:
            return super().compute
        return super().compute.in_torch(f"{self.model!s}, a {self._kind}, which takes sound of any length")

    def source(self) -> Source:
        """By the files, unread."""
        found = self._files
        first = self._taken_of(self.golden()[0])[0]
        if self._way.is_fixed:
            inputs = [(None, *array.shape) for array in first]
        else:  # rows of a pass would have to be of one length
            inputs = [(1, *(None for _ in array.shape)) for array in first]
        return Source(
            build=lambda: module(files.loaded_network(self._folder, str(self.model), self.name), self._kind),
            weights=found,
            recipe=f"{self._kind}, {self._way.pooling}, pieces of {self._most} samples",
            inputs=tuple(Input(f"input{index}", "float32", shape) for index, shape in enumerate(inputs)),
            packages=("transformers",),
        )

    def files(self) -> Iterable[Path]:
        return self._files

    def model_options(self) -> dict[str, Any]:
        """None: weights and recipe tell the rest."""
        return {}

    def patches(self, item: AudioClip) -> Patches:
        return self._taken_of(item)

    def shares(self, item: AudioClip, num_patches: int) -> npt.NDArray[Any]:
        """By the lengths of the pieces."""
        num_samples = round(item.samples.shape[1] * self._extractor.sampling_rate / item.sample_rate_hz)
        ends = np.minimum(np.arange(1, num_patches + 1) * self._most, max(1, num_samples))
        return np.maximum(np.diff(ends, prepend=0), 1)

    def golden(self) -> Sequence[AudioClip]:
        """Each of one piece, so that all go into one pass."""
        rate = self._extractor.sampling_rate
        return [AudioClip(clip.samples[:, : self._most], rate) for clip in golden_clips(rate)]

    def _taken_of(self, clip: AudioClip) -> list[tuple[npt.NDArray[Any], ...]]:
        samples = one_channel(clip, self._extractor.sampling_rate, self.name)
        return [taken(self._extractor, self._kind, piece) for piece in pieces(samples, self._most)]

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        check_installed("transformers", "audio", self.name)
        return files.files_of(str(self.model), self.name)

    @property
    def _folder(self) -> Path:
        return self._files[0].parent

    @cached_property
    def _kind(self) -> str:
        return files.kind_of(self._files[0])

    @property
    def _way(self) -> Way:
        return way_of(self._kind)

    @cached_property
    def _extractor(self) -> Any:
        return files.loaded_extractor(self._folder, str(self.model), self.name)

    @cached_property
    def _most(self) -> int:
        return most_samples(self._extractor, self._kind, self.piece_s)

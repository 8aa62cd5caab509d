"""`SoundModel`: what members share that run a model of sound as transformers saves it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.builtin.hub_model.files import check_files, damaged, read_json, value_of
from junco.builtin.hub_model.loading import PROCESSOR, loaded
from junco.builtin.hub_model.model import CONFIG, HubModel, check_model
from junco.builtin.hub_model.weights import weights_of
from junco.builtin.transformers_sound.ways import Way, most_samples, pieces, taken, way_of
from junco.neural.compute import Compute
from junco.neural.patches import PatchEmbedding, Patches
from junco.neural.sound import golden_clips, one_channel
from junco.operator.options import option
from junco.types.media import AudioClip


class SoundModel(PatchEmbedding):
    """A clip → what the model's own feature extractor makes of its pieces, which count by their lengths.

    Args:
        model: a name on the Hugging Face Hub, ``owner/name`` or ``owner/name@revision``, or a folder.
        piece_s: seconds at once, for models that take any length.
    """

    model: str | Path = option(check=check_model)
    piece_s: float = option(30.0, least=1)

    packages = dict.fromkeys(("torch", "transformers"), "audio")

    def fetch(self) -> None:
        super().fetch()
        self.compute  # noqa: B018  # refuses a runtime that cannot run it

    @cached_property
    def compute(self) -> Compute:
        """Torch, where sounds differ in length: rows of a pass would have to be of one."""
        if self.way.is_fixed:
            return super().compute
        return super().compute.in_torch(f"{self.model!s}, a {self.kind}, which takes sound of any length")

    def files(self) -> Iterable[Path]:
        return self.model_files

    def model_options(self) -> dict[str, Any]:
        """How pieces are pooled; weights and recipe tell the rest."""
        return {"pool": self.pool}

    def patches(self, item: AudioClip) -> Patches:
        samples = one_channel(item, self.extractor.sampling_rate, self.name)
        return [self.taken_of(piece) for piece in pieces(samples, self.most)]

    def taken_of(self, piece: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """What goes into the model of one piece (n,)."""
        return taken(self.extractor, self.kind, piece)

    def shares(self, item: AudioClip, num_patches: int) -> npt.NDArray[Any]:
        """By the lengths of the pieces."""
        num_samples = round(item.samples.shape[1] * self.extractor.sampling_rate / item.sample_rate_hz)
        ends = np.minimum(np.arange(1, num_patches + 1) * self.most, max(1, num_samples))
        return np.maximum(np.diff(ends, prepend=0), 1)

    def golden(self) -> Sequence[AudioClip]:
        """Each of one piece, so that all go into one pass."""
        rate = self.extractor.sampling_rate
        return [AudioClip(clip.samples[:, : self.most], rate) for clip in golden_clips(rate)]

    @cached_property
    def model_files(self) -> tuple[Path, ...]:
        """Configuration, feature extractor and weights, in that order."""
        model = HubModel.of(self.model, self.name)
        folder = model.folder()
        told = tuple(model.needed(name, "model of sound as transformers saves it") for name in (CONFIG, PROCESSOR))
        check_files(told)
        return (*told, *weights_of(folder))

    @property
    def folder(self) -> Path:
        """Of the model."""
        return self.model_files[0].parent

    @cached_property
    def kind(self) -> str:
        """The ``model_type`` that its configuration tells."""
        config = self.model_files[0]
        kind: str | None = value_of(read_json(config), "model_type", str, config)
        if kind is None:
            raise damaged(config, "it names no 'model_type'")
        return kind

    @property
    def way(self) -> Way:
        """How sound goes into it."""
        return way_of(self.kind)

    @cached_property
    def extractor(self) -> Any:
        """The model's own feature extractor."""
        from transformers import AutoFeatureExtractor

        with warnings.catch_warnings():  # the library says so of AST's own filters too
            warnings.filterwarnings("ignore", "At least one mel filter has all zero values", UserWarning)
            return loaded(self.folder, AutoFeatureExtractor)

    @cached_property
    def most(self) -> int:
        """Samples of a piece."""
        return most_samples(self.extractor, self.kind, self.piece_s)

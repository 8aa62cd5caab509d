"""A model of several kinds of things as sentence-transformers runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.builtin.sentence_transformers.library import Library
from junco.types import Vectors

_ALL_FRAMES = {"processing_kwargs": {"video": {"do_sample_frames": False}}}
"""A video's frames were chosen before."""


class OmniLibrary(Library):
    """A loaded model of texts, and of pictures, sounds or videos."""

    def takes(self, kind: str) -> bool:
        """Whether the model takes it: ``text``, ``image``, ``audio`` or ``video``."""
        return bool(self._model.supports(kind))

    @property
    def sample_rate_hz(self) -> int:
        """Of the sound that it takes."""
        processor = self._model[0].processor
        return int(getattr(processor, "feature_extractor", processor).sampling_rate)

    def encode_media(self, kind: str, items: Sequence[Any], role: str | None, prompt: str | None) -> Vectors:
        """Float32 vectors (n, dim) of pictures, sounds or videos, as the library takes them."""
        how = _ALL_FRAMES if kind == "video" else {}
        rows = self.encoded([{kind: item} for item in items], role, prompt, convert_to_numpy=True, **how)
        return np.asarray(rows).astype(np.float32, copy=False)

"""Frames and clips: small frozen values, compared by identity since they hold arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from junco.types.arrays import Image
from junco.wording import picture


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture of a video: ``image`` uint8 RGB (height, width, 3), ``time_s`` from the start, its ``index``."""

    image: Image
    time_s: float
    index: int
    is_key: bool = False

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """The pixels, so that every operator on images takes frames too."""
        return np.asarray(self.image, dtype=dtype) if not copy else np.array(self.image, dtype=dtype)

    def __repr__(self) -> str:
        return picture(self, most=200)


@dataclass(frozen=True, slots=True, eq=False)
class AudioClip:
    """Sound: ``samples`` float32 (channels, n) in −1..1, ``start_s`` in its source."""

    samples: npt.NDArray[np.float32]
    sample_rate_hz: int
    start_s: float = 0.0

    def __repr__(self) -> str:
        return picture(self, most=200)

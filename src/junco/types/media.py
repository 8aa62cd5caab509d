"""Frames, clips and sparse vectors: small frozen values, compared by identity since they hold arrays.

To speak of them takes no numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from junco.types.array_type import IMAGE
from junco.types.pieces import Page
from junco.wording import picture

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from junco.types.arrays import Image

    Floats = npt.NDArray[np.float32]
    Indices = npt.NDArray[np.int32]
else:  # what annotations mean when they are asked for
    Image, Floats, Indices = Annotated[Any, IMAGE], Any, Any


_SHOWN = 4
"""Numbers of a sparse vector, where it is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture of a video: ``image`` uint8 RGB (height, width, 3), ``time_s`` from the start, its ``index``."""

    image: Image
    time_s: float
    index: int
    is_key: bool = False

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """The pixels, so that every operator on images takes frames too."""
        import numpy as np

        return np.asarray(self.image, dtype=dtype) if not copy else np.array(self.image, dtype=dtype)

    def __repr__(self) -> str:
        return picture(self, most=200)


@dataclass(frozen=True, slots=True, eq=False)
class AudioClip:
    """Sound: ``samples`` float32 (channels, n) in −1..1, ``start_s`` in its source."""

    samples: Floats
    sample_rate_hz: int
    start_s: float = 0.0

    def __repr__(self) -> str:
        return picture(self, most=200)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseVector:
    """A vector of which few numbers are not zero: ``indices`` int32 (n,), ascending, and ``values`` float32 (n,)."""

    indices: Indices
    values: Floats

    def __repr__(self) -> str:
        """How many numbers there are, and the largest by their indices."""
        pairs = sorted(
            zip(map(int, self.indices), map(float, self.values), strict=True), key=lambda pair: -abs(pair[1])
        )
        shown = ", ".join(f"{index}: {value:.4g}" for index, value in pairs[:_SHOWN])
        return f"SparseVector({len(pairs)} not zero: {shown}{', …' if len(pairs) > _SHOWN else ''})"


HEAVY: dict[type, str] = {VideoFrame: "image", AudioClip: "samples", Page: "text"}
"""The fields that hold what a value was cut out of. Tables leave them out: each of a page's many pieces has the page
beside it, and its text would stand in every row.
"""

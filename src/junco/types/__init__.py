"""What flows between operators.

Pixels are plain ``uint8`` RGB arrays of shape (height, width, 3); vectors are ``float32`` arrays of shape (dim,).
The rest are small frozen dataclasses.

Names are looked up when they are used: whoever speaks of boxes needs no numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from junco.types.array_type import ArrayType
    from junco.types.arrays import Image, Vector, Vectors
    from junco.types.media import AudioClip, SparseVector, VideoFrame
    from junco.types.pieces import Box, Chunk, Face, Page, Segment, Shot
    from junco.types.space import Space

_WHERE = {
    "ArrayType": "junco.types.array_type",
    "AudioClip": "junco.types.media",
    "Box": "junco.types.pieces",
    "Chunk": "junco.types.pieces",
    "Face": "junco.types.pieces",
    "Image": "junco.types.arrays",
    "Page": "junco.types.pieces",
    "Segment": "junco.types.pieces",
    "Shot": "junco.types.pieces",
    "Space": "junco.types.space",
    "SparseVector": "junco.types.media",
    "Vector": "junco.types.arrays",
    "Vectors": "junco.types.arrays",
    "VideoFrame": "junco.types.media",
}

__all__ = [
    "ArrayType",
    "AudioClip",
    "Box",
    "Chunk",
    "Face",
    "Image",
    "Page",
    "Segment",
    "Shot",
    "Space",
    "SparseVector",
    "Vector",
    "Vectors",
    "VideoFrame",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'junco.types' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})

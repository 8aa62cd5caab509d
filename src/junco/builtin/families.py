"""The families that ship with junco: a row each."""

from __future__ import annotations

from typing import Any

from junco.operator.family import Family
from junco.operator.ports import Port, Ports
from junco.types.array_type import IMAGE, VECTOR
from junco.types.pieces import Box

FAMILIES = (
    Family(
        "image-decode",
        "operator",
        Ports((Port("source", Any),), (Port("image", IMAGE),)),
        default="image-decode.pil",
        description="a path, bytes, file object or picture → pixels",
    ),
    Family(
        "image-embedding",
        "operator",
        Ports((Port("image", IMAGE),), (Port("vector", VECTOR),)),
        default="image-embedding.efficientnet-lite",
        description="pixels → one vector",
    ),
    Family(
        "text-embedding",
        "operator",
        Ports((Port("text", str),), (Port("vector", VECTOR),)),
        default="text-embedding.minilm",
        description="a text → one vector",
    ),
    Family(
        "vector",
        "operator",
        Ports((Port("vector", VECTOR),), (Port("vector", VECTOR),)),
        default="vector.normalize",
        description="a vector → a vector",
    ),
    Family(
        "image-crop",
        "operator",
        Ports((Port("image", IMAGE), Port("box", Box)), (Port("image", IMAGE),)),
        default="image-crop.box",
        description="pixels and a box → the pixels inside",
    ),
    Family(
        "image-embedding",
        "pipeline",
        Ports((Port("path", Any),), (Port("vector", VECTOR),)),
        default="image-embedding-efficientnet-lite0",
        description="a photo → one vector",
    ),
    Family(
        "text-embedding",
        "pipeline",
        Ports((Port("text", str),), (Port("vector", VECTOR),)),
        default="text-embedding-minilm",
        description="a text → one vector",
    ),
)

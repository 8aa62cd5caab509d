"""Columns of a journal's record as short texts: numbers and digests compressed, names too."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

KEY_BYTES, DIGEST_BYTES = 8, 16
_COUNT = np.dtype("<i4")
_MOST_KEY_BYTES = 3000
"""Of one name as JSON, which was cut to some hundreds of characters."""


def pack(content: bytes) -> str:
    """Bytes as a text of letters, compressed."""
    return base64.b64encode(zlib.compress(content, 1)).decode()


def unpack(text: Any, most: int) -> bytes:
    """The bytes of such a text.

    Raises:
        ValueError: it is none, or holds more than ``most`` bytes.
    """
    if not isinstance(text, str):
        raise ValueError("no text")
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(base64.b64decode(text, validate=True), most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(content) > most or not reader.eof:
        raise ValueError("more or less than there should be")
    return content


def pack_digests(digests: Sequence[bytes]) -> str:
    """Digests of inputs: what is of their names and what is of their contents apart, since contents often are alike."""
    each = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIGEST_BYTES)
    return pack(each[:, :KEY_BYTES].tobytes() + each[:, KEY_BYTES:].tobytes())


def unpack_digests(text: Any, count: int) -> bytes:
    """The digests one after the other.

    Raises:
        ValueError: these are not ``count`` digests.
    """
    content = _exactly(text, count * DIGEST_BYTES)
    keys, marks = np.split(np.frombuffer(content, np.uint8), [count * KEY_BYTES])
    return np.hstack([keys.reshape(count, -1), marks.reshape(count, -1)]).tobytes() if count else b""


def pack_counts(counts: Sequence[int] | npt.NDArray[Any]) -> str:
    """How many rows inputs have."""
    return pack(np.asarray(counts, _COUNT).tobytes())


def unpack_counts(text: Any, count: int) -> npt.NDArray[np.int32]:
    """The counts.

    Raises:
        ValueError: these are not ``count`` counts of -1 or more.
    """
    counts = np.frombuffer(_exactly(text, count * _COUNT.itemsize), _COUNT)
    if count and counts.min() < -1:
        raise ValueError("a count below -1")
    return counts


def pack_keys(keys: Sequence[str]) -> str:
    """Names of inputs."""
    return pack(json.dumps(keys, separators=(",", ":")).encode())


def unpack_keys(text: Any, count: int) -> list[str]:
    """The names.

    Raises:
        ValueError: these are not ``count`` names.
    """
    keys = json.loads(unpack(text, _MOST_KEY_BYTES * (count + 1)))
    if not (isinstance(keys, list) and len(keys) == count and all(isinstance(key, str) for key in keys)):
        raise ValueError("no names")
    return keys


def _exactly(text: Any, size: int) -> bytes:
    content = unpack(text, size)
    if len(content) != size:
        raise ValueError("less than there should be")
    return content

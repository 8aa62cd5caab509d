"""The constants of a frozen TensorFlow graph, read from its protobuf bytes without TensorFlow.

Only what holds numbers is looked at: ``GraphDef.node`` (1), in it ``name`` (1), ``op`` (2) and ``attr`` (5), in that
the ``value``'s ``tensor`` (8) of type float32. Every length is checked against the bytes that are there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from junco.errors import ParameterError

Constants = dict[str, npt.NDArray[np.float32]]
_VARINT_BITS = 64
_FIXED_BYTES = {1: 8, 5: 4}
"""By the wire type, bytes of a number of fixed size."""
_FLOAT32 = 1
"""TensorFlow's number for that type."""
_MOST_NUMBERS = 2**28
"""In a constant: more are taken for damage."""


def float_constants(path: Path) -> Constants:
    """Every float32 constant of a frozen graph, by its node's name.

    Raises:
        ParameterError: the file is no such graph; with its path.
    """
    try:
        nodes = [_node(node) for node in _parts(memoryview(path.read_bytes()), 1)]
    except (ValueError, OverflowError) as error:
        raise ParameterError(
            f"model file {str(path)!r}: it holds no graph of TensorFlow: {error}: fetch the model anew"
        ) from error
    return {name: array for name, array in nodes if array is not None}


def _node(node: memoryview) -> tuple[str, npt.NDArray[np.float32] | None]:
    name = _text(node, 1)
    if _text(node, 2) != "Const":
        return name, None
    for attribute in _parts(node, 5):
        if _text(attribute, 1) == "value":
            for value in _parts(attribute, 2):
                for tensor in _parts(value, 8):
                    return name, _array(tensor)
    return name, None


def _array(tensor: memoryview) -> npt.NDArray[np.float32] | None:
    """A tensor's numbers: packed bytes, or a single one for all places."""
    if next((value for number, value in _fields(tensor) if number == 1), None) != _FLOAT32:
        return None
    shape = _shape(tensor)
    content = b"".join(bytes(part) for part in _parts(tensor, 4)) or b"".join(map(bytes, _parts(tensor, 5)))
    if len(content) % 4:
        raise ValueError(f"a constant has {len(content)} bytes, no whole number of float32")
    numbers, count = np.frombuffer(content, "<f4"), math.prod(shape)
    if count > _MOST_NUMBERS or numbers.size not in (1, count):
        raise ValueError(f"a constant of shape {shape} has {numbers.size} numbers")
    return np.full(shape, numbers[0]) if numbers.size == 1 else numbers.reshape(shape)


def _shape(tensor: memoryview) -> tuple[int, ...]:
    sizes = [size for shape in _parts(tensor, 2) for size in _parts(shape, 2)]
    return tuple(next((int(value) for number, value in _fields(size) if number == 1), 0) for size in sizes)


def _text(message: memoryview, wanted: int) -> str:
    return b"".join(bytes(part) for part in _parts(message, wanted)).decode()


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """The bytes of each field of that number."""
    for number, value in _fields(message):
        if number == wanted and isinstance(value, memoryview):
            yield value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Each field's number and value, as protobuf's wire format has them."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in _FIXED_BYTES:
            size = _FIXED_BYTES[wire]
        else:
            raise ValueError(f"byte {at}: the wire type {wire} is unknown")
        if size > len(message) - at:
            raise ValueError(f"byte {at}: {size} bytes are announced and {len(message) - at} are left")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number in 7 bits a byte, and where it ends."""
    number = 0
    for shift in range(0, _VARINT_BITS, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
    raise ValueError(f"byte {at}: a number does not end")

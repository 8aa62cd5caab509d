"""Values that are described without looking into them: plain ones, names of things, and hashes of content."""

from __future__ import annotations

import contextvars
import hashlib
import io
import logging
import os
import re
import sys
import threading
import types
from pathlib import PurePath
from typing import Any

import numpy as np

from junco.operator.packages import package_of

UNTOLD: Any = object()
"""What `leaf` gives for a value that holds others."""
MOST_PLAIN = 64
"""Larger containers of plain values are hashed at one go."""
_PLAIN = (type(None), bool, int, float, str)
_PLUMBING = frozenset({"threading", "_thread", "logging", "queue", "_queue", "concurrent", "asyncio", "_asyncio"})
"""Python's modules whose objects say how work is done and reported, and change all the time."""
_TYPING = frozenset({"typing", "typing_extensions", "_typing"})


def leaf(value: Any) -> Any:
    """A value as a plain one, or `UNTOLD` where it holds others."""
    if type(value) in _PLAIN:
        return value
    for tell in (_plain, _plumbing, _array, _large):
        if (told := tell(value)) is not None:
            return told
    return UNTOLD


def sha256(text: str | bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text).hexdigest()


def _plain(value: Any) -> str | None:
    if isinstance(value, (bytes, bytearray)) and type(value) in (bytes, bytearray):
        return f"{type(value).__name__} {sha256(bytes(value))}"
    if isinstance(value, PurePath):
        return f"{type(value).__name__} {value}"
    if isinstance(value, re.Pattern):
        return f"Pattern {value.pattern!r} {value.flags}"
    is_annotation = isinstance(value, (types.GenericAlias, types.UnionType)) or (
        type(value).__module__ in _TYPING and not isinstance(value, type)
    )
    if is_annotation or isinstance(value, (slice, np.dtype)) or value is ... or value is NotImplemented:
        return f"{type(value).__name__} {value!r}"
    return None


def _plumbing(value: Any) -> str | None:
    """Loggers, locks, queues, the environment: what is in them is not what a function is."""
    kind = type(value)
    if isinstance(value, io.IOBase) and _is_written_only(value):
        return "a file that is written"
    by_name = (logging.Logger, contextvars.ContextVar, threading.local, os._Environ)
    if not isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)) and (
        isinstance(value, by_name) or kind.__module__.partition(".")[0] in _PLUMBING
    ):
        return f"{kind.__name__} {getattr(value, 'name', '')}"
    return None


def _is_written_only(file: io.IOBase) -> bool:
    try:
        return not file.readable()
    except ValueError:  # closed: nobody reads it
        return True


def _array(value: Any) -> str | None:
    """Functions of numpy that are no Python functions, and tensors."""
    if isinstance(value, np.ufunc):
        return f"ufunc {value.__name__}, {package_of('numpy')}"
    torch: Any = sys.modules.get("torch")
    if torch is None or not isinstance(value, getattr(torch, "Tensor", ())):
        return None
    tensor: Any = value
    try:
        data = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    except Exception:  # sparse, quantized, without data
        return None
    return f"{type(value).__name__} {tensor.dtype} {tuple(tensor.shape)} {sha256(data.tobytes())}"


def _large(value: Any) -> str | None:
    """Large tables of plain values, whose parts nobody wants to read one by one."""
    if type(value) not in (list, tuple, dict, set, frozenset) or len(value) <= MOST_PLAIN:
        return None
    items = [each for pair in value.items() for each in pair] if isinstance(value, dict) else list(value)
    if any(type(each) not in _PLAIN for each in items):
        return None
    parts = sorted(map(repr, items)) if isinstance(value, (set, frozenset)) else [*map(repr, items)]
    return f"{type(value).__name__} of {len(value)} {sha256(chr(0).join(parts))}"

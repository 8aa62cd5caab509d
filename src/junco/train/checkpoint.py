"""A checkpoint: tensors and plain values in one file of safetensors, there whole or as it was before.

A damaged one is told by a sum over all that is in it. Nothing in it is code.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from junco.errors import TrainError
from junco.wording import brief

if TYPE_CHECKING:
    from torch import Tensor

NAME = "checkpoint.safetensors"
_VERSION = 1


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Put it in the place of the one before, when all of it is on the disk.

    Raises:
        TrainError: it cannot be written; the one before is as it was.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    text = json.dumps({"junco": _VERSION, **state})
    part = path.with_name(f"{path.name}.part")
    try:
        save_file(dict(tensors), part, {"state": text, "sum": str(_sum(text, tensors))})
        _sync(part)
        part.replace(path)
        if os.name == "posix":
            _sync(path.parent)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        kept = f" The one before, {path}, is whole: free some room and go on with resume=True" if path.exists() else ""
        raise TrainError(f"{path}: a checkpoint cannot be written: {brief(error)}.{kept}") from error


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Its tensors and its state.

    Raises:
        TrainError: it cannot be read, is damaged, or is none of junco's.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
    except (OSError, SafetensorError) as error:
        raise TrainError(f"{path}: this checkpoint cannot be read: {brief(error)}. {_CURE}") from error
    text = about.get("state", "")
    if about.get("sum") != str(_sum(text, tensors)):
        raise TrainError(f"{path}: this checkpoint is damaged: its sum is another than when it was written. {_CURE}")
    state = json.loads(text)
    if not isinstance(state, dict) or state.get("junco") != _VERSION:
        raise TrainError(f"{path}: this checkpoint is of another version of junco. {_CURE}")
    return tensors, state


_CURE = "Begin anew without resume, or put a copy in its place"


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors with a prefix before their names."""
    return {f"{prefix}.{name}": tensor.contiguous() for name, tensor in tensors.items()}


def from_under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those with a prefix, without it."""
    return {name.removeprefix(f"{prefix}."): each for name, each in tensors.items() if name.startswith(f"{prefix}.")}


def _sum(text: str, tensors: Mapping[str, Tensor]) -> int:
    found = zlib.crc32(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), found)
        found = zlib.crc32(tensor.contiguous().reshape(-1).numpy().data, found)
    return found


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Where a torch model runs: ``auto`` (the best there is), ``cpu``, ``cuda``, ``cuda:1``, ``mps``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from junco.errors import ParameterError

if TYPE_CHECKING:
    import torch

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def check_device(device: str, owner: str) -> str:
    """The device's name, if it is one; whether the machine has it is seen when the model is loaded.

    Raises:
        ParameterError: it is none of the names above.
    """
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise ParameterError(f"{owner!r}: device={device!r} is none of 'auto', 'cpu', 'cuda', 'cuda:N' and 'mps'")
    return device


def torch_device(device: str, owner: str) -> torch.device:
    """The torch device of that name; ``auto`` is cuda before mps before cpu.

    Raises:
        ParameterError: this machine has no such device.
    """
    import torch

    num_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    has_mps = torch.backends.mps.is_available()
    if device == "auto":
        return torch.device("cuda" if num_cuda else "mps" if has_mps else "cpu")
    found = torch.device(device)
    present = {"cuda": (found.index or 0) < num_cuda, "mps": has_mps, "cpu": True}[found.type]
    if not present:
        have = ["cpu", *(f"cuda:{i}" for i in range(num_cuda)), *(["mps"] if has_mps else [])]
        raise ParameterError(f"{owner!r}: device={device!r} is not on this machine, which has {', '.join(have)}")
    return found


def device_name(device: str, owner: str) -> str:
    """The name of the device that `torch_device` gives; torch is not imported where there can only be the CPU.

    Raises:
        ParameterError: this machine has no such device.
    """
    if device == "cpu" or (device == "auto" and not _may_have_gpu()):
        return "cpu"
    return str(torch_device(device, owner))


def _may_have_gpu() -> bool:
    """Whether to ask torch, whose import takes seconds: on Linux a GPU shows as a device file."""
    if sys.platform != "linux":
        return True
    return any(Path("/dev").glob("nvidia[0-9]*")) or any(Path("/dev", name).exists() for name in ("dxg", "kfd"))

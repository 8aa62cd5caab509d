"""Memory: how much there is, whether it ran out, and how to get it back from a failure."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from junco.cgroups import ROOT, memory_limit


def memory_bytes(root: Path = ROOT) -> int:
    """Bytes of memory that this process may take at most: the machine's, or its container's where that is less.

    ``root`` is where the file system with the limits of containers begins.
    """
    limit = memory_limit(root)
    return _machine_bytes() if limit is None else min(limit, _machine_bytes())


def device_bytes(device: str) -> tuple[int, int] | None:
    """All and free bytes of a GPU's own memory (``cuda``, ``cuda:1``); ``None`` where that cannot be asked.

    Torch answers, and is not imported for it: before that no operator has anything on a GPU.
    """
    torch = sys.modules.get("torch")
    if torch is None or device.partition(":")[0] != "cuda":
        return None
    try:
        free, total = torch.cuda.mem_get_info(device)
    except Exception:  # no such device, no driver, a build without CUDA, a forked child: each has its own exception
        return None
    return int(total), int(free)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception, anybody's, says that memory ran out, here or on a device."""
    kind = type(error)  # somebody's own may raise when it is asked for its class
    return issubclass(kind, MemoryError) or kind.__name__ == "OutOfMemoryError"


def let_go(error: BaseException) -> None:
    """Free what a failure keeps alive: the variables of all functions that it, and what led to it, came through.

    Where it happened can be shown as before. Functions that still run keep what they have.
    """
    import traceback  # only where something failed

    left, seen = [error], set[int]()
    while left:
        error = left.pop()
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        led = [error.__cause__, error.__context__, *(error.exceptions if isinstance(error, BaseExceptionGroup) else ())]
        left += [other for other in led if other is not None and id(other) not in seen]


@cache
def _machine_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)

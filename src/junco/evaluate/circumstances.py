"""`Circumstances`: where and when something was measured: without it nobody compares two numbers."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from junco.runtime.machine import gpus, machine, version


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where and when something was measured.

    Attributes:
        machine: processor, cores and GPUs, in a line.
        measured: when it ended, ISO 8601 in UTC, to the second.
        junco: the version.
        peak_bytes: the most memory that the process ever had, with all that ran in it; ``None``: nobody can tell.
    """

    machine: str
    measured: str
    junco: str
    peak_bytes: int | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        return asdict(self)


def circumstances() -> Circumstances:
    """Of here and now."""
    where = ", ".join([machine(), *gpus()])
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Circumstances(where, when, version("junco") or "", _peak_bytes())


def _peak_bytes() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        import psutil

        return getattr(psutil.Process().memory_info(), "peak_wset", None)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024

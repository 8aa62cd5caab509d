"""What a measurement or a conversion depends on besides the model: processor, cores, versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from junco.cores import num_cores


@cache
def processor() -> str:
    """The processor's model and the instructions that decide which arithmetic is fast on it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    pairs = (line.partition(":") for line in lines)
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    fast = sorted(flags & {"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimdhp", "bf16"})
    return " ".join([platform.machine(), fields.get("model name", "?"), *fast])


def machine() -> str:
    """The processor with the number of cores that this process may use."""
    return f"{processor()} ×{num_cores()}"


@cache
def gpus(folder: Path = Path("/proc/driver/nvidia/gpus")) -> list[str]:
    """The models of the NVIDIA GPUs that the driver shows (none on other systems); no library is imported for it."""
    lines: list[str] = []
    for file in sorted(folder.glob("*/information")):
        with suppress(OSError, ValueError):
            lines += file.read_text("utf-8").splitlines()
    return [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]


@cache
def version(distribution: str) -> str | None:
    """Version of an installed distribution, or ``None``; nothing is imported. Looked up once: its metadata is long."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """The version of each."""
    return {name: version(name) for name in distributions}

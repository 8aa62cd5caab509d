"""Weights: files or a seed; and what identifies them, for a `Space`."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from junco.errors import IntegrityError
from junco.forks import ForkedLock
from junco.places.files import file_sha256
from junco.runtime.source import Source, weights_sha256

_seeding = ForkedLock()


def check_sha256(path: Path, sha256: str) -> None:
    """Refuse a file that is not byte for byte the pinned one.

    Raises:
        IntegrityError: with both digests.
    """
    found = file_sha256(path)
    if found != sha256:
        raise IntegrityError(
            f"{path}: sha256 is {found}, not the pinned {sha256}; reinstall the package that brings it"
        )


def random_weights(seed: int, packages: Sequence[str]) -> str:
    """What identifies random weights: the seed, and the versions of the packages that draw them."""
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in (*packages, "torch"))
    return f"random, seed {seed}, {versions}"


def weights_by_sha256(*paths: Path) -> str:
    """What identifies weights in files: the sha256 of their bytes, in the order given."""
    several = f" over {len(paths)} files" if len(paths) > 1 else ""
    return f"sha256 {weights_sha256(paths, 'weights')}{several}"


def state_bytes(module: Any) -> int:
    """Bytes of a torch module's parameters and buffers."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random weights by a seed: torch's generator starts at ``seed`` inside, and outside it goes on undisturbed."""
    import torch

    with _seeding(), torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would also reseed every GPU's generator; weights are made on the CPU.
        torch.default_generator.manual_seed(seed)
        yield


def seeded_build(source: Source) -> Any:
    """What builds the module, with torch's generator at the seed of random weights.

    It stands at 0 where nothing pins them: if they are random, all copies of the model are one network at least.
    """
    build, seed = source.build, source.seed if source.is_pinned else 0
    if build is None or seed is None:
        return build

    def built() -> Any:
        with seeded(seed):
            return build()

    return built

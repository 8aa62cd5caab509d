"""What the spaces of embedding operators are made of: weights by their bytes or their seed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any


def random_weights(seed: int, packages: Sequence[str]) -> str:
    """What identifies random weights: the seed, and the versions of the packages that draw them."""
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in (*packages, "torch"))
    return f"random, seed {seed}, {versions}"


def weights_by_sha256(*paths: Path) -> str:
    """What identifies weights in files: the sha256 of their bytes, in the order given."""
    digests = [_sha256(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    if len(digests) == 1:
        return f"sha256 {digests[0]}"
    return f"sha256 {hashlib.sha256(' '.join(digests).encode()).hexdigest()} over {len(digests)} files"


@lru_cache(maxsize=64)
def _sha256(path: str, size_bytes: int, modified_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> Any:
    """A file's JSON, ``{}`` where there is no file."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}

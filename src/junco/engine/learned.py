"""What was learned about batch sizes on this machine, kept in ``JUNCO_HOME`` for the next process.

The file is a hint: when it cannot be read or written, sizes are learned anew.
"""

from __future__ import annotations

import contextlib
import json
import platform
import tempfile
from pathlib import Path

from junco.cores import num_cores
from junco.operator.resident import Recipe
from junco.settings import settings

FILE = "batch-sizes.json"


def learned_rows(spec: Recipe) -> int | None:
    """The batch size that was best for an operator here, if it was ever found."""
    rows = _read(settings().home / FILE).get(_key(spec))
    return rows if isinstance(rows, int) and rows > 0 else None


def remember_rows(spec: Recipe, rows: int) -> None:
    """Keep a batch size for the next process."""
    path = settings().home / FILE
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump(_read(path) | {_key(spec): rows}, file)
        Path(file.name).replace(path)


def _key(spec: Recipe) -> str:
    return f"{spec} on {platform.machine()}, {num_cores()} cores"


def _read(path: Path) -> dict[str, object]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}

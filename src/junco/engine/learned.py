"""What was learned about batch sizes on this machine, kept in ``JUNCO_HOME`` for the next process.

A size belongs to what the operator is, and to where it ran: device, processor, cores, version of junco. The file is a
hint: what cannot be read, is old or was written by somebody else counts as absent, and the size is learned anew. Two
processes that write at once may lose a size of one, never the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from junco.operator.identity import canonical, identity_of
from junco.places.files import file_stamps
from junco.runtime.machine import gpus, machine, version
from junco.settings import settings

FILE = "batch-sizes.json"
MOST_ENTRIES, MOST_BYTES = 1_000, 2_000_000
KEPT_S = 30 * 86_400.0
AHEAD_S = 86_400.0
"""So far the clock of whoever wrote may have been ahead."""


def learned_rows(operator: Any, clock: Callable[[], float] = time.time) -> int | None:
    """The batch size that was best for an operator here, if it was found within the last weeks."""
    entries = _read(settings().home / FILE, clock())
    if all(entry["operator"] != operator.spec.name for entry in entries.values()):
        return None  # without asking what it is, which takes longer
    entry = entries.get(_key(operator) or "")
    return entry["rows"] if entry else None


def remember_rows(operator: Any, rows: int, clock: Callable[[], float] = time.time) -> None:
    """Keep a batch size for the next process; nothing is kept of an operator that nobody can identify."""
    key = _key(operator)
    if key is None:
        return
    path, now = settings().home / FILE, clock()
    new = {key: {"operator": operator.spec.name, "rows": rows, "found_s": now}}
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        entries = sorted((_read(path, now) | new).items(), key=lambda item: item[1]["found_s"])
        _replace(path, json.dumps(dict(entries[-MOST_ENTRIES:])))


def _key(operator: Any) -> str | None:
    """What the operator is and where it runs; ``None`` where the first cannot be told."""
    try:
        identity = identity_of(operator, content=lambda path: file_stamps([path])[0][1:3])  # to read them takes seconds
    except Exception:  # of its own `files`, or of what it was made with
        return None
    if not identity.is_known:
        return None
    device = str(operator.spec.params.get("device", "auto"))
    place = {"device": device, "gpus": gpus() if device != "cpu" else [], "machine": machine()}
    parts = {"operator": identity.digest, **place, "junco": version("junco")}
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:32]


def _read(path: Path, now: float) -> dict[str, dict[str, Any]]:
    """The entries that are whole and not old."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return {}
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    items = entries.items() if isinstance(entries, dict) else ()
    return {key: entry for key, entry in items if isinstance(entry, dict) and _is_whole(entry, now)}


def _is_whole(entry: dict[str, Any], now: float) -> bool:
    rows, found_s = entry.get("rows"), entry.get("found_s")
    if type(rows) is not int or not isinstance(found_s, (int, float)) or not isinstance(entry.get("operator"), str):
        return False
    return rows > 0 and now - KEPT_S < found_s < now + AHEAD_S


def _replace(path: Path, text: str) -> None:
    """Write a file so that readers see the old one or the new one."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        try:
            file.write(text)
            file.close()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise

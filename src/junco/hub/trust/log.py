"""What this user allowed of hubs, and took back, line by line: a file that is only ever written at its end."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from junco.errors import IntegrityError, TargetError
from junco.hub.client.private import hub_home

_SHOWN = 1000


def note(action: str, **what: Any) -> None:
    """Write down what was done; nothing secret is told.

    Args:
        action: ``"allow"``, ``"take back"``, ``"trust key"``, ``"import bundle"`` …
        what: plain values: the hub, the repository, the commit …

    Raises:
        TargetError: it cannot be written; what was to be done is not done then.
    """
    line = json.dumps({"at": now(), "action": action, **what}, ensure_ascii=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(_file(), flags, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(line.encode() + b"\n")
    except OSError as error:
        raise TargetError(f"{_file()} cannot be written: {error.strerror or error}") from None


def notes() -> list[dict[str, Any]]:
    """The last that was done, the oldest first.

    Raises:
        IntegrityError: the file holds something else.
    """
    try:
        lines = _file().read_text("utf-8").splitlines()[-_SHOWN:]
        return [dict(json.loads(line)) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        raise IntegrityError(f"{_file()} holds other things than lines of junco's: look at it") from None


def now() -> str:
    """The time, in UTC, as it is written down."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _file() -> Path:
    return hub_home() / "trust.log"

"""JSON files that may not be there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """A file's JSON, ``{}`` where there is no file."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}

"""The id of a commit: a hash of its record, so that whoever is told the record can see that it is of this tree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FIELDS = ("repository", "parent", "tree", "author", "message", "created")


def commit_id(record: Mapping[str, Any]) -> str:
    """40 hexadecimal digits over plain values: `FIELDS`, of which ``tree`` is the digest of all files."""
    return hashlib.sha256(json.dumps(dict(record), sort_keys=True).encode()).hexdigest()[:40]


def proves(record: Any, commit: str, tree: str) -> bool:
    """Whether a record that somebody sent is that of a commit, and says that it holds this tree."""
    if not isinstance(record, dict) or sorted(record) != sorted(FIELDS) or record["tree"] != tree:
        return False
    return commit_id(record) == commit

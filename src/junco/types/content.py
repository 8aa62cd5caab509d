"""stub"""

from __future__ import annotations

from typing import Any


def digest_of_value(value: Any) -> bytes | None:
    """X"""
    return None

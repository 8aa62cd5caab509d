"""How our stores index vectors: an HNSW graph for cosines, whose search looks at more rows than it gives."""

from __future__ import annotations

M, EF_CONSTRUCTION = 16, 200
"""Neighbours of a row, and how many are looked at when the graph is built."""


def looked_at(count: int) -> int:
    """How many rows a search of the graph keeps in view (``ef``) to find so many near ones."""
    return max(200, 2 * count)

"""Widths as those networks round them whose sizes are made by factors."""

from __future__ import annotations


def rounded(wanted: float, step: int = 8, least: float = 0.9) -> int:
    """The nearest multiple of a step, or the next where that is below a share of what is wanted; a step at least."""
    nearest = max(step, int(wanted + step / 2) // step * step)
    return nearest + step if nearest < least * wanted else nearest

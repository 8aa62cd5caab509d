"""Copies of values as they were, so that a later step which works in place does not change what is shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from junco.pages.values import is_sound, pixels

MOST_ITEMS = 100
MOST_LETTERS = 20_000
SMALL_SIDE = 512
SMALL_SOUND_S = 10


def copied(value: Any) -> Any:
    """A copy of an array, and of what holds arrays; other values are what they are."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _with_copied_arrays(value)
    if type(value) in (list, tuple):
        return type(value)(copied(child) for child in value[:MOST_ITEMS])
    if type(value) is dict:
        return {key: copied(child) for key, child in list(value.items())[:MOST_ITEMS]}
    return value


def _with_copied_arrays(value: Any) -> Any:
    names = [field.name for field in dataclasses.fields(value) if field.init]
    arrays = {name: getattr(value, name, None) for name in names}
    arrays = {name: array.copy() for name, array in arrays.items() if isinstance(array, np.ndarray)}
    return dataclasses.replace(value, **arrays) if arrays else value


def reduced(value: Any) -> tuple[Any, str]:
    """What to keep of a value that is too large to keep, and what was left out; ``None`` where nothing can be."""
    if isinstance(value, str):
        return value[:MOST_LETTERS], f"its first {MOST_LETTERS:,} letters"
    if is_sound(value):
        num_kept = int(SMALL_SOUND_S * value.sample_rate_hz)
        return dataclasses.replace(
            value, samples=value.samples[..., :num_kept].copy()
        ), f"its first {SMALL_SOUND_S} seconds"
    if (picture := pixels(value)) is not None:
        every = max(1, max(picture.shape[:2]) // SMALL_SIDE)
        return picture[::every, ::every].copy(), f"every {every}th pixel"
    return None, "nothing"

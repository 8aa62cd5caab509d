"""Vectors have finite numbers: one that has not lies nowhere, and no store of vectors takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from junco.store.kinds import OddValueError

_MOST_DIMS = 2
"""Of what is a vector, or several; more are pictures, sound, or a field."""


def check_finite(columns: Mapping[str, Sequence[Any]]) -> None:
    """Refuse vectors that are not finite, also those in lists.

    Raises:
        OddValueError: with the first of them.
    """
    for name, values in columns.items():
        arrays = [array for value in values for array in _vectors_in(value)]
        if not arrays or np.isfinite(np.concatenate([array.ravel() for array in arrays])).all():
            continue
        odd = next(array for array in arrays if not np.isfinite(array).all())
        num_odd = int(odd.size - np.isfinite(odd).sum())
        what = "NaN" if np.isnan(odd).any() else "infinite"
        raise OddValueError(name, "finite vectors", f"one of which {num_odd:,} of {odd.size:,} numbers are {what}")


def _vectors_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "fc" and value.ndim in range(1, _MOST_DIMS + 1):
            yield value
    elif isinstance(value, (list, tuple)) and value and isinstance(value[0], np.ndarray):
        for part in value:
            yield from _vectors_in(part)

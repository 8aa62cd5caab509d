"""Vectors at an operator's door: one-dimensional float32 arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from junco.errors import InputError
from junco.types import Vector
from junco.wording import picture


def checked_vector(value: Any, owner: str) -> Vector:
    """The value as a float32 array (dim,); lists and arrays of other number types are converted.

    Raises:
        InputError: it is no row of finite real numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError:  # a list of lists of several lengths
        array = np.empty((), object)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "fiu":
        raise InputError(f"{owner!r} takes a vector, float32 of shape (dim,), not {picture(value)}")
    with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused as such
        vector = array.astype(np.float32, copy=False)
    if not np.isfinite(vector).all():
        raise InputError(f"{owner!r}: the vector {picture(value)} holds numbers that are not finite in float32")
    return vector

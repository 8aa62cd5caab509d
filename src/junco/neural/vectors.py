"""Vectors at an operator's door: one-dimensional float32 arrays; and as rows of a matrix: length 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from junco.errors import InputError
from junco.types import Vector, Vectors
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


def unit_rows(block: npt.NDArray[np.floating]) -> Vectors:
    """Each row of (n, dim) scaled to length 1; a row of zeros stays as it is."""
    # Squares of float32 numbers overflow and vanish within its range; those of float64 do not.
    exact = block.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: Vectors = (exact / lengths).astype(np.float32)
    return unit

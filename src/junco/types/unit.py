"""Vectors of length 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from junco.types.arrays import Vectors


def unit_rows(block: npt.NDArray[np.floating]) -> Vectors:
    """Each row of (n, dim) scaled to length 1, so that products are cosines; a row of zeros stays as it is."""
    # Squares of float32 numbers overflow and vanish within its range; those of float64 do not.
    exact = np.asarray(block, np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    unit: Vectors = (exact / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return unit

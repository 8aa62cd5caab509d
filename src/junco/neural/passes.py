"""Passes through a model: what goes into one, and how many rows of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from junco.errors import ContractError
from junco.runtime.source import Arrays, Compiled, Input, Source

Dtypes = list[np.dtype[Any]]
"""Of the inputs of a model, in their order."""

# In torch on a CPU a pass whose activations stay in the caches is fastest: 4 to 8 pictures of 224×224.
_CPU_PASS_NUMBERS = 8 * 224 * 224 * 3
_GPU_PASS_NUMBERS = 64 * 224 * 224 * 3
_LEAST_NUMBERS_ALONE = 10_000
"""From so many numbers in a row on, a row fills a core by itself where each core has a stream of its own."""


def inputs_of(golden: Arrays) -> tuple[Input, ...]:
    """The inputs of a model by one pass through it: any number of rows, everything else fixed."""
    return tuple(
        Input(f"input{index}", str(array.dtype), (None, *array.shape[1:])) for index, array in enumerate(golden)
    )


def rows_of_a_pass(source: Source, compiled: Compiled, deterministic: bool) -> int:
    """How many rows go through the model at once.

    One where each core has a stream of its own, as passes then fill the cores, and where rows of a pass would have to
    be of one length to come out the same whatever is beside them.
    """
    numbers = sum(math.prod(array.shape[1:]) for array in source.golden)
    has_open_axes = any(size is None for each in source.inputs for size in each.shape[1:])
    if source.inputs[0].shape[0] == 1 or (deterministic and has_open_axes):
        return 1
    if compiled.runtime != "torch" and numbers >= _LEAST_NUMBERS_ALONE:
        return 1
    return max(1, (_CPU_PASS_NUMBERS if compiled.device == "cpu" else _GPU_PASS_NUMBERS) // max(1, numbers))


def dtypes_of(inputs: Sequence[Input]) -> Dtypes:
    """Those that a model's inputs say."""
    return [np.dtype(each.dtype) for each in inputs]


def usual_dtypes(golden: Arrays) -> Dtypes:
    """Where a model does not say what it takes: float32, and whole numbers as its golden pass has them."""
    return [array.dtype if array.dtype.kind in "biu" else np.dtype(np.float32) for array in golden]


def as_taken(arrays: Arrays, dtypes: Sequence[np.dtype[Any]], owner: str) -> Arrays:
    """Arrays of the dtypes that a model takes: float64, numpy's own, becomes float32.

    Raises:
        ContractError: there are more or fewer than it takes, or one of a kind that is not cast, with its dtype.
    """
    if len(arrays) != len(dtypes):
        raise ContractError(f"{owner!r}: prepare() gave {len(arrays)} arrays, and its model takes {len(dtypes)}")
    pairs = zip(arrays, dtypes, strict=True)
    return tuple(array if array.dtype == dtype else _cast(array, dtype, owner) for array, dtype in pairs)


def _cast(array: np.ndarray[Any, Any], dtype: np.dtype[Any], owner: str) -> np.ndarray[Any, Any]:
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        raise ContractError(
            f"{owner!r}: prepare() gave an array of {array.dtype}, and its model takes {dtype}: give it that dtype"
        )
    return array.astype(dtype)

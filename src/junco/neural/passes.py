"""Passes through a model: what goes into one, how many rows of it, and items on their way through them in batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from junco.errors import ContractError
from junco.runtime.source import Arrays, Compiled, Input, Source
from junco.types import Vectors
from junco.wording import brief, picture

Columns = Sequence[Sequence[Any]]
"""Items, a sequence for each input column."""
Prepare = Callable[[Columns], Arrays]
"""Items → the arrays of one pass."""
Dtypes = list[np.dtype[Any]]
"""Of the inputs of a model, in their order."""

# In torch on a CPU a pass whose activations stay in the caches is fastest: 4 to 8 pictures of 224×224.
_CPU_PASS_NUMBERS = 8 * 224 * 224 * 3
_GPU_PASS_NUMBERS = 64 * 224 * 224 * 3
_LEAST_NUMBERS_ALONE = 10_000
"""From so many numbers in a row on, a row fills a core by itself where each core has a stream of its own."""


class Passes:
    """Items on their way through a model that is loaded.

    Args:
        compiled: the model.
        source: what it was made of; its name says whose it is.
        deterministic: the same bits whatever else is in a batch.
    """

    def __init__(self, compiled: Compiled, source: Source, *, deterministic: bool) -> None:
        self.compiled = compiled
        self._owner = source.name
        self._deterministic = deterministic
        self._num_rows = rows_of_a_pass(source, compiled, deterministic)
        self._dtypes = dtypes_of(source.inputs)
        self._rows = [each.shape[1:] for each in source.inputs]

    def blocks(self, prepare: Prepare, columns: Columns) -> Iterator[tuple[Vectors, int]]:
        """What the model gives for n > 0 items, block by block, and for how many rows each block should be.

        Deterministic passes are filled up, so that there may be more rows than items.
        """
        count, most = len(columns[0]), self._num_rows
        if count == 1 and not self._deterministic:
            return iter([(self.compiled(*self._taken(prepare(columns))), 1)])
        sizes = [most if self._deterministic else min(most, count - start) for start in range(0, count, most)]
        passes = (self._taken(prepare(rows)) for rows in self._cut(columns))
        return zip(self.compiled.stream(passes), sizes, strict=True)

    def block_of_each(self, prepare: Prepare, items: Iterable[Any]) -> Iterator[Vectors]:
        """What the model gives for items that come one by one: a block for each, while the next ones are made."""
        return self.compiled.stream(self._taken(prepare([[item]])) for item in items)

    def _cut(self, columns: Columns) -> Iterator[Columns]:
        """The items of each pass."""
        for start in range(0, len(columns[0]), self._num_rows):
            rows = [list(column[start : start + self._num_rows]) for column in columns]
            if self._deterministic:  # a shape of its own would add up in another order
                rows = [column + column[:1] * (self._num_rows - len(column)) for column in rows]
            yield rows

    def _taken(self, arrays: Arrays) -> Arrays:
        if [array.dtype for array in arrays] != self._dtypes:
            arrays = as_taken(arrays, self._dtypes, self._owner)
        for array, row in zip(arrays, self._rows, strict=True):
            if array.shape[1:] != row and not _fits(array.shape[1:], row):
                raise ContractError(
                    f"{self._owner!r}: prepare() gave an array of {array.shape[1:]} for each item, and its model takes "
                    f"{_shown(row)}: give that shape; where it differs between passes, Source(inputs=…) says so"
                )
        return arrays


def arrays_of(made: np.ndarray[Any, Any] | tuple[np.ndarray[Any, Any], ...], num_items: int, owner: str) -> Arrays:
    """What an author's `prepare` gave, as the arrays of one pass.

    Raises:
        ContractError: one is no array of numbers, or its first axis does not count the items.
    """
    arrays = tuple(_array(each, owner) for each in (made if isinstance(made, tuple) else (made,)))
    if any(len(array) != num_items for array in arrays if array.ndim) or not all(array.ndim for array in arrays):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ContractError(
            f"{owner!r}: prepare() gave arrays of shape {shapes} for {num_items} items: the first axis counts the items"
        )
    return arrays


def _array(made: Any, owner: str) -> np.ndarray[Any, Any]:
    """What is an array, or numbers that make one: rows of one shape in a list, a tensor on the CPU."""
    why = ""
    try:
        array = np.ascontiguousarray(made)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of different shapes; a tensor elsewhere
        array, why = None, f" ({brief(error)})"
    if array is None or array.dtype.kind == "O":
        raise ContractError(
            f"{owner!r}: prepare() gave {picture(made)}, not an array of numbers{why}: give np.ndarray, (items, …), "
            "float32 for most models"
        )
    return array


def _fits(row: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether a row has the axes that a model takes."""
    return len(row) == len(wanted) and all(most is None or size == most for size, most in zip(row, wanted, strict=True))


def _shown(row: tuple[int | None, ...]) -> str:
    """A shape as people write it, ``…`` for what is open."""
    return f"({', '.join('…' if size is None else str(size) for size in row)}{',' if len(row) == 1 else ''})"


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

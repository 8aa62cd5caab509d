"""`rows_that_fit`: how many examples go through a network in one pass, by what a pass keeps for its gradients.

On a CPU nobody is told when memory runs out: the system ends the process. So passes are cut before.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from junco.memory import device_bytes, is_out_of_memory, let_go, memory_bytes
from junco.train.examples import BlockRows, Examples, Rows
from junco.train.passes import Passes, Places

_SHARE = 0.4
"""Of all memory, that activations may take: what is free now would make other bits each time."""
_FEW, _MORE = 2, 4
_LOOKED_AT = 64
"""Rows whose sizes are looked at."""


def rows_that_fit(passes: Passes, examples: Examples, batch: int) -> int | None:
    """Examples of a pass, over all columns of a batch; ``None``: a whole batch fits, as it mostly does."""
    if batch <= _MORE or len(examples) < _MORE:
        return None
    try:
        each = sum(_bytes_of_an_example(passes, examples, column) for column in range(len(examples.columns)))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        let_go(error)
        return _FEW
    fitting = int(_SHARE * _all_bytes(passes.device) / max(1.0, each))
    return None if fitting >= batch else max(_FEW, fitting)


def _bytes_of_an_example(passes: Passes, examples: Examples, column: int) -> float:
    few, more = (_kept_bytes(passes, examples, column, num_rows) for num_rows in (_FEW, _MORE))
    return (more - few) / (_MORE - _FEW)


def _kept_bytes(passes: Passes, examples: Examples, column: int, num_rows: int) -> int:
    """What a pass with so many rows keeps, weights and all: from the difference of two of them weights are gone."""
    sizes: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    rows, side = examples.columns[column], examples.side(column)
    places = _largest(rows, num_rows)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), passes.statistics_kept():
        vectors = passes.learned(rows, places, side, 0)
    del vectors
    return sum(sizes.values())


def _largest(rows: Rows, count: int) -> Places:
    """Places of the largest of some rows, as texts and sounds differ in length, and the largest are what has to fit."""
    if isinstance(rows, BlockRows):
        return np.arange(count)
    some = np.unique(np.linspace(0, len(rows) - 1, max(count, min(_LOOKED_AT, len(rows)))).astype(np.int64))
    sizes = [sum(np.size(part) for part in row) for row in rows.take(some.tolist())]
    return np.sort(some[np.argsort(sizes, kind="stable")[::-1][:count]])


def _all_bytes(device: torch.device) -> int:
    on_device = device_bytes(str(device)) if device.type == "cuda" else None
    return memory_bytes() if on_device is None else on_device[0]

"""`Source`: what an operator hands over so that its model can run in any runtime. `Compiled`: what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from junco.types import Vectors

if TYPE_CHECKING:
    import torch

Arrays = tuple[npt.NDArray[Any], ...]
"""The inputs of one pass through a model: arrays whose first axis counts the rows."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a model: its name, dtype, and shape with ``None`` for what differs between passes."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A model, not yet loaded.

    Attributes:
        name: for messages and folders: ``text-embedding.minilm``.
        weights_sha256: of the weights, byte for byte; ``None`` for random ones, of which nothing is kept.
        num_bytes: of the weights.
        recipe: all else that decides the vectors and is part of the module: scaling of levels, pooling, layer.
        build: loads the float32 module in eval mode on the CPU: tensors of ``inputs`` → (n, dim). Called only when
            torch runs the model or a conversion has to be made.
        inputs: what the module takes.
        golden: one pass of a few rows, on which runtimes are compared with the reference.
        packages: distributions whose code the module is; another version makes another conversion.
    """

    name: str
    weights_sha256: str | None
    num_bytes: int
    recipe: str
    build: Callable[[], torch.nn.Module]
    inputs: tuple[Input, ...]
    golden: Arrays
    packages: tuple[str, ...] = ()


class Compiled(Protocol):
    """A model that is ready to run. Any number of threads may use it at once."""

    runtime: str
    dtype: str
    device: str

    def __call__(self, *arrays: npt.NDArray[Any]) -> Vectors:
        """One pass: float32 (n, dim). Takes all cores when nothing else is running."""

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        """Many passes, their results in order; the next pass is prepared while others run, one stream a core."""

    def close(self) -> None:
        """Let go of the model."""


def rows_of(arrays: Arrays) -> list[Arrays]:
    """A pass cut into passes of one row."""
    return [tuple(array[i : i + 1] for array in arrays) for i in range(len(arrays[0]))]


def streamed(compiled: Compiled, passes: Iterable[Arrays]) -> Vectors:
    """The results of several passes in one array (n, dim)."""
    return np.concatenate(list(compiled.stream(passes)))

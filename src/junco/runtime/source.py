"""`Source`: what an operator hands over so that its model can run in any runtime. `Compiled`: what it gets back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from junco.errors import ContractError, UnavailableError
from junco.memory import is_out_of_memory
from junco.places.files import file_sha256
from junco.types import Vectors
from junco.wording import brief

if TYPE_CHECKING:
    import torch

    from junco.runtime.certificate import Certificate

Arrays = tuple[npt.NDArray[Any], ...]
"""The inputs of one pass through a model: arrays whose first axis counts the rows."""
_owner: ContextVar[str] = ContextVar("owner", default="")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a model: its name, dtype, and shape with ``None`` for what differs between passes."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A model, not yet loaded: a torch module that can be built, or an ONNX file.

    Attributes:
        name: for messages and folders: ``text-embedding.minilm``. A `NeuralOperator` fills it in.
        weights_sha256: of the weights, byte for byte; ``None`` for random ones, of which nothing is kept. Found by
            itself where ``weights`` or ``onnx`` names files.
        num_bytes: of the weights; found by itself too.
        recipe: all else that decides the vectors and is part of the model: scaling of levels, pooling, layer.
        build: loads the float32 module in eval mode on the CPU: tensors of ``inputs`` → (n, dim). Called only when
            torch runs the model or a conversion has to be made. ``None`` for an ONNX file.
        inputs: what the model takes. A first axis of 1 says that it takes one row a pass. A `NeuralOperator` reads
            them from its golden pass, if nothing but the number of rows differs between passes.
        golden: one pass of a few rows, on which runtimes are compared with the reference; a `NeuralOperator` makes it.
        packages: distributions whose code the module is; another version makes another conversion.
        onnx: a file in float32 whose first output is (n, dim), instead of ``build``.
        weights: the file, or the files, that hold the weights.
        seed: where random weights start, if they are random: the module is then built with torch's generator there.
        network: the part of the module in which names of layers begin, where the module is a wrapper: ``network``.
    """

    name: str = ""
    weights_sha256: str | None = None
    num_bytes: int = 0
    recipe: str = ""
    build: Callable[[], torch.nn.Module] | None = None
    inputs: tuple[Input, ...] = ()
    golden: Arrays = ()
    packages: tuple[str, ...] = ()
    onnx: Path | None = None
    weights: str | Path | Sequence[str | Path] = ()
    seed: int | None = None
    network: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", _owner.get())
        if (self.build is None) == (self.onnx is None):
            raise ContractError(f"{self.name!r}: a Source has either build or onnx, and only one of them")
        files = self.files
        if files and self.weights_sha256 is None:
            object.__setattr__(self, "weights_sha256", weights_sha256(files, self.name))
            object.__setattr__(self, "num_bytes", sum(file.stat().st_size for file in files))

    @property
    def is_pinned(self) -> bool:
        """Whether anything says which weights these are: files, a hash of them, or where random ones start."""
        return self.weights_sha256 is not None or self.seed is not None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold the weights; beside an ONNX file those whose names begin with its own."""
        given = (self.weights,) if isinstance(self.weights, (str, Path)) else self.weights
        if given or self.onnx is None:
            return tuple(Path(file) for file in given)
        path = Path(self.onnx)
        return (path, *sorted(file for file in path.parent.glob(f"{escape(path.name)}?*") if file.is_file()))

    def identity(self) -> dict[str, Any]:
        """What tells it from other models, as plain values."""
        shapes = [[each.name, each.dtype, list(each.shape)] for each in self.inputs]
        return {"weights": self.weights_sha256, "recipe": self.recipe, "inputs": shapes}

    def golden_sha256(self) -> str:
        """Of the golden rows."""
        return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in self.golden)).hexdigest()


class Compiled(Protocol):
    """A model that is ready to run. Any number of threads may use it at once.

    Attributes:
        runtime, dtype, device: where and in which arithmetic it runs.
        certificate: how near its vectors are to the reference's; ``None`` for the reference itself.
    """

    runtime: str
    dtype: str
    device: str
    certificate: Certificate | None

    def __call__(self, *arrays: npt.NDArray[Any]) -> Vectors:
        """One pass: float32 (n, dim). Takes all cores when nothing else is running."""

    def stream(self, passes: Iterable[Arrays]) -> Iterator[Vectors]:
        """Many passes, their results in order; the next pass is prepared while others run, one stream a core."""

    def close(self) -> None:
        """Let go of the model."""


@contextmanager
def owned_by(owner: str) -> Iterator[None]:
    """Sources that are made inside, and their errors, have that name, unless they are given another."""
    token = _owner.set(owner)
    try:
        yield
    finally:
        _owner.reset(token)


def weights_sha256(files: Sequence[Path], owner: str) -> str:
    """Of one file, its bytes; of several, their digests in the order given.

    Raises:
        UnavailableError: one is not there.
    """
    if missing := [file for file in files if not file.is_file()]:
        raise UnavailableError(
            f"{owner!r}: there is no file {str(missing[0].absolute())!r}, which should hold its weights: put it there, "
            "let the operator bring it in fetch(), or name another file"
        )
    digests = [file_sha256(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()


def rows_of(arrays: Arrays) -> list[Arrays]:
    """A pass cut into passes of one row."""
    return [tuple(array[i : i + 1] for array in arrays) for i in range(len(arrays[0]))]


def streamed(compiled: Compiled, passes: Iterable[Arrays]) -> Vectors:
    """The results of several passes in one array (n, dim)."""
    return np.concatenate(list(compiled.stream(passes)))


def first_block(compiled: Compiled, source: Source) -> Vectors:
    """What a model gives for the first golden row.

    Raises:
        ContractError: it cannot take such arrays, with what it says to them.
    """
    arrays = rows_of(source.golden)[0]
    try:
        return compiled(*arrays)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        if is_out_of_memory(error):
            raise
        given = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
        raise ContractError(
            f"{source.name!r}: its model fails on what prepare() gave for one item, {given}: {brief(error)}. "
            "Give what its first layer takes: float32 for most, int64 for numbers of tokens"
        ) from error


def dim_of(block: Vectors, num_rows: int, dim: int | None, owner: str) -> int:
    """How many numbers each vector of a block has, which must be ``dim`` where that is known.

    Raises:
        ContractError: it is no block of one vector for each of so many items, or these are of another length.
    """
    if block.ndim != 2 or len(block) != num_rows or dim not in (None, block.shape[1]) or not block.shape[1]:
        items = "1 item" if num_rows == 1 else f"{num_rows} items"
        raise ContractError(
            f"{owner!r}: its model gave an array of shape {block.shape} for {items}, not ({num_rows}, {dim or 'dim'}), "
            "a vector for each: pool or flatten in the model, and let `dim` say what it gives"
        )
    return int(block.shape[1])

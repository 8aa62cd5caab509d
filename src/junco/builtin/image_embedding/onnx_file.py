"""What an ONNX file says of itself: its input, its output, the files that belong to it. Nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from junco.errors import ParameterError, UnavailableError
from junco.neural.onnx_graph import described, dtype_of, files_of, inputs_of, read_graph, shape_of
from junco.neural.weights import weights_by_sha256

_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """An image model in a file: one input of pictures, one output of vectors.

    Attributes:
        path: of the file.
        files: it, and those that hold weights outside it.
        dtype: of the input, ``float32`` or ``uint8``.
        shape: of the input, ``None`` where it is open.
        input: the input's name.
        channels_first: whether the input is (n, 3, height, width), not (n, height, width, 3).
    """

    path: Path
    files: tuple[Path, ...]
    input: str
    dtype: str
    shape: tuple[int | None, ...]
    channels_first: bool

    @property
    def side(self) -> int | None:
        """Pixels of the square picture that it takes, where that is fixed."""
        height, width = self.shape[2:] if self.channels_first else self.shape[1:3]
        return height if height is not None else width

    @property
    def weights(self) -> str:
        """What identifies them, for a `Space`."""
        return weights_by_sha256(*self.files)

    @property
    def num_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.files)


def read(path: Path, owner: str) -> OnnxFile:
    """The file, if it is a model of pictures.

    Raises:
        UnavailableError: it is not there, or a file of its weights is not.
        ParameterError: it is broken, reaches for files outside its folder, or takes or gives something else.
    """
    if not path.is_file():
        raise UnavailableError(f"{owner!r}: there is no file {str(path)!r}")
    stat = path.stat()
    name, dtype, shape, locations = _described(path, owner, stat.st_size, stat.st_mtime_ns)
    return OnnxFile(path, files_of(path, locations, owner), name, dtype, shape, channels_first=shape[1] == _CHANNELS)


@lru_cache(maxsize=16)
def _described(
    path: Path, owner: str, size_bytes: int, modified_ns: int
) -> tuple[str, str, tuple[int | None, ...], tuple[str, ...]]:
    """Name, dtype and shape of the input, and where weights lie outside the file."""
    model, locations = read_graph(path, owner)
    _check_output(model.graph, path, owner)
    return (*_input(model.graph, path, owner), locations)


def _input(graph: Any, path: Path, owner: str) -> tuple[str, str, tuple[int | None, ...]]:
    """Name, dtype and shape of the one input."""
    inputs = inputs_of(graph)
    wanted = "pictures, float32 or uint8 of shape (n, 3, height, width) or (n, height, width, 3), all square"
    problem = ParameterError(f"{owner!r}: {str(path)!r} must take {wanted}; its inputs: {described(inputs)}")
    if len(inputs) != 1 or dtype_of(inputs[0]) not in ("float32", "uint8"):
        raise problem
    shape = shape_of(inputs[0])
    if (
        shape is None
        or len(shape) != 4
        or shape[0] not in (None, 1)
        or (shape[1] == _CHANNELS) == (shape[3] == _CHANNELS)
    ):
        raise problem
    sides = set(shape[2:] if shape[1] == _CHANNELS else shape[1:3]) - {None}
    if len(sides) > 1:
        raise problem
    return inputs[0].name, dtype_of(inputs[0]), shape


def _check_output(graph: Any, path: Path, owner: str) -> None:
    shape = shape_of(graph.output[0]) if len(graph.output) == 1 else None
    if shape is None or len(shape) != 2 or dtype_of(graph.output[0]) != "float32":
        raise ParameterError(
            f"{owner!r}: {str(path)!r} must give one output of vectors, float32 of shape (n, dim); "
            f"its outputs: {described(list(graph.output))}"
        )

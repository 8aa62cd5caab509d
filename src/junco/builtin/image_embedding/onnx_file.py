"""What an ONNX file says of itself: its input, its output, the files that belong to it. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from junco.builtin.extras import importing
from junco.errors import ParameterError, UnavailableError
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
    files = (path, *(_beside(path, location, owner) for location in locations))
    return OnnxFile(path, files, name, dtype, shape, channels_first=shape[1] == _CHANNELS)


@lru_cache(maxsize=16)
def _described(
    path: Path, owner: str, size_bytes: int, modified_ns: int
) -> tuple[str, str, tuple[int | None, ...], tuple[str, ...]]:
    """Name, dtype and shape of the input, and where weights lie outside the file."""
    with importing("onnx", owner):
        import onnx
    try:
        model = onnx.load(path, load_external_data=False)
        locations = tuple(sorted(set(_locations(model.graph))))
        if not locations:  # of other files the checker would want to know where they lie
            onnx.checker.check_model(model)
    except Exception as error:  # protobuf, the file system and the checker raise what they like
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
        raise ParameterError(f"{owner!r}: {str(path)!r} is no ONNX file that can be read: {reason}") from error
    _check_output(model.graph, path, owner)
    return (*_input(model.graph, path, owner), locations)


def _input(graph: Any, path: Path, owner: str) -> tuple[str, str, tuple[int | None, ...]]:
    """Name, dtype and shape of the one input."""
    held = {tensor.name for tensor in graph.initializer}
    inputs = [each for each in graph.input if each.name not in held]
    described = ", ".join(f"{each.name} {_dtype(each)}{_shown(_shape(each))}" for each in inputs) or "none"
    wanted = "pictures, float32 or uint8 of shape (n, 3, height, width) or (n, height, width, 3), all square"
    problem = ParameterError(f"{owner!r}: {str(path)!r} must take {wanted}; its inputs: {described}")
    if len(inputs) != 1 or _dtype(inputs[0]) not in ("float32", "uint8"):
        raise problem
    shape = _shape(inputs[0])
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
    return inputs[0].name, _dtype(inputs[0]), shape


def _check_output(graph: Any, path: Path, owner: str) -> None:
    described = ", ".join(f"{each.name} {_dtype(each)}{_shown(_shape(each))}" for each in graph.output) or "none"
    shape = _shape(graph.output[0]) if len(graph.output) == 1 else None
    if shape is None or len(shape) != 2 or _dtype(graph.output[0]) != "float32":
        raise ParameterError(
            f"{owner!r}: {str(path)!r} must give one output of vectors, float32 of shape (n, dim); "
            f"its outputs: {described}"
        )


def _beside(path: Path, location: str, owner: str) -> Path:
    """A file of weights in the model's own folder or below it."""
    place = PurePosixPath(location.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in location:
        raise ParameterError(f"{owner!r}: {str(path)!r} reaches for {location!r}, outside its own folder")
    found = path.parent / place
    if not found.is_file():
        raise UnavailableError(f"{owner!r}: {str(path)!r} has weights in {location!r}, which does not lie beside it")
    return found


def _locations(graph: Any) -> Iterator[str]:
    """The files that hold a graph's weights outside the model's."""
    for tensor in _tensors(graph):
        for entry in tensor.external_data:
            if entry.key == "location":
                yield entry.value


def _tensors(graph: Any) -> Iterator[Any]:
    """All constant tensors of a graph and of the graphs within."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _dtype(value: Any) -> str:
    import onnx

    kind = value.type.tensor_type.elem_type
    return str(onnx.helper.tensor_dtype_to_np_dtype(kind)) if kind else "?"


def _shape(value: Any) -> tuple[int | None, ...] | None:
    if not value.type.tensor_type.HasField("shape"):
        return None
    axes = value.type.tensor_type.shape.dim
    return tuple(axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None for axis in axes)


def _shown(shape: tuple[int | None, ...] | None) -> str:
    return "(?)" if shape is None else f"({', '.join('?' if n is None else str(n) for n in shape)})"

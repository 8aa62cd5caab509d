"""What an ONNX file says of itself, whatever its model takes: its graph, its files, its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from junco.errors import ParameterError, UnavailableError


def read_graph(path: Path, owner: str) -> tuple[Any, tuple[str, ...]]:
    """The model without weights that lie in other files, and which files these are; it was checked.

    Raises:
        UnavailableError: the file is not there.
        ParameterError: it is broken.
    """
    if not path.is_file():
        raise UnavailableError(f"{owner!r}: there is no file {str(path)!r}")
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
        locations = tuple(sorted(set(locations_in(model.graph))))
        if not locations:  # of other files the checker would want to know where they lie
            onnx.checker.check_model(model)
    except Exception as error:  # protobuf, the file system and the checker raise what they like
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
        raise ParameterError(f"{owner!r}: {str(path)!r} is no ONNX file that can be read: {reason}") from error
    return model, locations


def inputs_of(graph: Any) -> list[Any]:
    """What it takes: its inputs without the weights, which old files list among them."""
    held = {tensor.name for tensor in graph.initializer}
    return [each for each in graph.input if each.name not in held]


def described(values: list[Any]) -> str:
    """Inputs or outputs in words."""
    return ", ".join(f"{each.name} {dtype_of(each)}{shown_shape(shape_of(each))}" for each in values) or "none"


def beside(path: Path, location: str, owner: str) -> Path:
    """A file of weights in the model's own folder or below it."""
    place = PurePosixPath(location.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in location:
        raise ParameterError(f"{owner!r}: {str(path)!r} reaches for {location!r}, outside its own folder")
    found = path.parent / place
    if not found.is_file():
        raise UnavailableError(f"{owner!r}: {str(path)!r} has weights in {location!r}, which does not lie beside it")
    return found


def files_of(path: Path, locations: Sequence[str], owner: str) -> tuple[Path, ...]:
    """The model's file, and those that hold weights outside it.

    Raises:
        UnavailableError: one is not there.
        ParameterError: it reaches for files outside its folder.
    """
    return (path, *(beside(path, location, owner) for location in locations))


def locations_in(graph: Any) -> Iterator[str]:
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


def dtype_of(value: Any) -> str:
    """The dtype of an input or output; ``?`` where the file does not say it."""
    import onnx

    kind = value.type.tensor_type.elem_type
    return str(onnx.helper.tensor_dtype_to_np_dtype(kind)) if kind else "?"


def shape_of(value: Any) -> tuple[int | None, ...] | None:
    """Its shape, ``None`` for a free axis; ``None`` where the file does not say it."""
    if not value.type.tensor_type.HasField("shape"):
        return None
    axes = value.type.tensor_type.shape.dim
    return tuple(axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None for axis in axes)


def shown_shape(shape: tuple[int | None, ...] | None) -> str:
    """A shape in words."""
    return "(?)" if shape is None else f"({', '.join('?' if n is None else str(n) for n in shape)})"

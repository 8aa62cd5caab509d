"""The layers of a torch module, by one pass that is watched: on torch's meta device, where nothing is computed."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import ContractError
from junco.memory import is_out_of_memory
from junco.neural.axes import Places, Shape
from junco.neural.layer import Layer
from junco.neural.listing import Listing
from junco.neural.onnx_layers import onnx_listing
from junco.runtime.source import Arrays, Source, rows_of
from junco.wording import brief

if TYPE_CHECKING:
    import torch

_NUMBERED = re.compile(r"(.*?)(\d+)")


@dataclass(slots=True)
class _Seen:
    """What a module did in the passes.

    Attributes:
        shapes: of its first output in each pass, the axis of inputs among them; ``None``: it gave no tensor.
        num_calls: in one pass.
    """

    module: Any
    shapes: list[tuple[int, ...] | None] = field(default_factory=list)
    num_calls: int = 0
    is_real: bool = True


def listing_of(source: Source, *, is_bare: bool) -> Listing:
    """The layers of a complete source's network.

    Args:
        source: complete.
        is_bare: its build reads no weights and keeps nothing, so that it may be built where nothing is computed.

    Raises:
        ContractError: it fails on its golden pass.
    """
    if source.build is None:
        return onnx_listing(source)
    passes = _passes(source)
    problem: Exception | None = None
    for device in ("meta", "cpu") if is_bare else ("cpu",):
        try:
            module = _built(source.build, device)
            seen = _watched(module, source.network, passes, device)
        except Exception as error:  # a network that looks at its numbers, in whatever way
            if is_out_of_memory(error):
                raise
            problem = error
            continue
        names = list(inspect.signature(module.forward).parameters)
        places = Places.of(source.inputs, names, source.golden)
        return _Listed(module.get_submodule(source.network), seen, places, passes).listing()
    assert problem is not None
    raise ContractError(f"{source.name!r}: its model fails on its golden pass: {brief(problem)}") from problem


def first_tensor(output: Any) -> torch.Tensor | None:
    """Of what a module gave: itself, or the first of several."""
    import torch

    while not isinstance(output, torch.Tensor):
        values = list(output.values()) if isinstance(output, dict) else output
        if not isinstance(values, (tuple, list)) or not values:
            return None
        output = values[0]
    return output


def _passes(source: Source) -> list[Arrays]:
    """A row; two; and, where a model takes rows of several sizes, one of half the size: ``[]`` where it cannot."""
    one = rows_of(source.golden)[0]
    made = [one]
    if source.inputs[0].shape[0] != 1:
        made.append(tuple(np.concatenate([each, each]) for each in one))
    if any(size is None for each in source.inputs for size in each.shape[1:]):
        made.append(tuple(_halved(array, each.shape) for array, each in zip(one, source.inputs, strict=True)))
    return made


def _halved(array: np.ndarray[Any, Any], shape: Sequence[int | None]) -> np.ndarray[Any, Any]:
    places = [slice(None)] + [
        slice(0, -(-size // 2)) if wanted is None else slice(None)
        for size, wanted in zip(array.shape[1:], shape[1:], strict=True)
    ]
    half: np.ndarray[Any, Any] = array[tuple(places)]
    return half


def _built(build: Callable[[], Any], device: str) -> Any:
    import torch

    with warnings.catch_warnings(), torch.device(device):
        warnings.simplefilter("ignore")  # what initialises nothing says so
        return build().eval()


def _watched(module: Any, network: str, passes: Sequence[Arrays], device: str) -> dict[str, _Seen]:
    """What each part of the network did, in the order in which they began."""
    import torch

    root = module.get_submodule(network)
    whole = _compiled(root)
    parts = {
        name: part
        for name, part in root.named_modules()
        if name and not any(name.startswith(f"{each}.") for each in whole)
    }
    names = {part: name for name, part in parts.items()}
    seen: dict[str, _Seen] = {}

    def begin(part: Any, _: Any) -> None:
        seen.setdefault(names[part], _Seen(part)).num_calls += 1

    def end(part: Any, _: Any, output: Any) -> None:
        tensor = first_tensor(output)
        seen[names[part]].shapes.append(None if tensor is None else tuple(tensor.shape))
        seen[names[part]].is_real &= tensor is None or tensor.is_floating_point()

    hooks = [part.register_forward_pre_hook(begin) for part in parts.values()]
    hooks += [part.register_forward_hook(end) for part in parts.values()]
    try:
        with torch.no_grad():
            for arrays in passes:
                module(*(torch.from_numpy(np.ascontiguousarray(each)).to(device) for each in arrays))
    finally:
        for hook in hooks:  # the module may be the one that is run
            hook.remove()
    for each in seen.values():
        each.num_calls //= len(passes)
    return seen


def _compiled(root: Any) -> list[str]:
    """The names of the parts that were compiled to a graph, in which nobody can look."""
    import torch

    return [name for name, part in root.named_modules() if name and isinstance(part, torch.jit.ScriptModule)]


def _and_above(name: str) -> Iterator[str]:
    """A name and the names of all that it stands in; the network itself has the empty one."""
    while name:
        yield name
        name = name.rpartition(".")[0]
    yield ""


@dataclass(slots=True)
class _Listed:
    """What was seen of a network's parts, made into layers."""

    root: Any
    seen: dict[str, _Seen]
    places: Places
    passes: Sequence[Arrays]

    def listing(self) -> Listing:
        numbers = {name: number for number, name in enumerate(self._blocks())}
        self.places.declared_prefix = getattr(self.root, "num_prefix_tokens", None)
        shapes = {name: self._shape(each) for name, each in self.seen.items()}
        why_not = {name: self._why_not(name, shapes[name]) for name in self.seen}
        for name, shape in shapes.items():
            if not why_not[name]:
                self.places.note(self._kind(name), shape)
        good = [name for name in self.seen if not why_not[name]]
        layers = [self._layer(name, shapes[name], why_not[name], numbers.get(name), good) for name in self.seen]
        idle = [name for name, _ in self.root.named_modules() if name and name not in self.seen]
        return Listing(tuple(layers), tuple(idle), tuple(_compiled(self.root)), self.places.mask)

    def _layer(self, name: str, shape: Shape, why_not: str, number: int | None, good: Sequence[str]) -> Layer:
        kind = self._kind(name)
        count = sum(each.numel() for each in self.seen[name].module.parameters())
        if why_not:
            take = next((each for each in _and_above(name.rpartition(".")[0]) if each in good), None)
            return Layer(name, kind, shape, count, f"{why_not}{'' if take is None else f': take {take!r}'}")
        return Layer(name, kind, shape, count, axes=self.places.axes(kind, shape), number=number)

    def _kind(self, name: str) -> str:
        return type(self.seen[name].module).__name__

    def _shape(self, seen: _Seen) -> Shape:
        """For one input; what differs between passes of one row is open."""
        shapes = [shape for shape in seen.shapes if shape is not None]
        if seen.num_calls != 1 or len(shapes) != len(self.passes) or len({len(shape) for shape in shapes}) != 1:
            return shapes[0][1:] if shapes else ()
        alone = [shape for shape, arrays in zip(shapes, self.passes, strict=True) if len(arrays[0]) == 1]
        return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*alone, strict=True))[1:]

    def _why_not(self, name: str, shape: Shape) -> str:
        seen = self.seen[name]
        if seen.num_calls != 1:
            return f"is called {seen.num_calls} times in a pass" if seen.num_calls else "is not called in every pass"
        if None in seen.shapes or len(seen.shapes) != len(self.passes):
            return "gives no tensor"
        if not seen.is_real:
            return "gives no numbers with a fraction"
        rows = [each[0] if each else 0 for each in seen.shapes if each is not None]
        expected = [len(arrays[0]) for arrays in self.passes]
        if rows == [rows[0]] * len(rows) and rows != expected and len(set(expected)) > 1:
            return "gives the same for all inputs"
        if rows != expected:
            return f"gives {rows[0]} rows for one input, as parts that look at pieces of it do"
        return "" if shape else "gives a single number"

    def _blocks(self) -> list[str]:
        """What numbers count: the parts of the outermost sequence in which most of a pass is run.

        A sequence is a list of parts (``blocks.0``, ``blocks.1`` …), or parts whose names are numbered (``layer1``,
        ``layer2`` …). Without one it is what the network itself is made of.
        """
        found: list[list[str]] = []
        for name, part in self.root.named_modules():
            if any(_is_within(name, block) for blocks in found for block in blocks):
                continue
            for numbered in _numbered([child for child, _ in part.named_children()]):
                good = [each for each in (_joined(name, child) for child in numbered) if self._is_good(each)]
                found += [good] if len(good) > 1 else []
        outermost = [each for each in self.seen if "." not in each and self._is_good(each)]
        return max(found, key=self._num_run, default=outermost)

    def _num_run(self, blocks: Sequence[str]) -> int:
        """How many parts are run within some."""
        return sum(any(_is_within(name, block) for block in blocks) for name in self.seen)

    def _is_good(self, name: str) -> bool:
        return name in self.seen and not self._why_not(name, self._shape(self.seen[name]))


def _is_within(name: str, other: str) -> bool:
    return name == other or name.startswith(f"{other}.")


def _joined(within: str, name: str) -> str:
    return ".".join(each for each in (within, name) if each)


def _numbered(names: Sequence[str]) -> list[list[str]]:
    """Names that differ in a number at their end alone, together."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if (found := _NUMBERED.fullmatch(name)) is not None:
            groups.setdefault(found[1], []).append(name)
    return list(groups.values())

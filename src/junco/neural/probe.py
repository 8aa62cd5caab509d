"""The layers of a torch module, by one pass that is watched: on torch's meta device, where nothing is computed."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from junco.errors import ContractError
from junco.memory import is_out_of_memory
from junco.neural.axes import Places, Shape
from junco.neural.layer import Layer
from junco.neural.listing import Listing
from junco.neural.onnx_layers import onnx_listing
from junco.neural.watch import Seen, compiled, watched
from junco.runtime.source import Arrays, Source, rows_of
from junco.wording import brief

_NUMBERED = re.compile(r"(.*?)(\d+)")
_DIMENSIONS, _TORCH = ("1d", "2d", "3d"), "torch.nn."


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
            seen = watched(module, source.network, passes, device)
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


def _and_above(name: str) -> Iterator[str]:
    """A name and the names of all that it stands in; the network itself has the empty one."""
    while name:
        yield name
        name = name.rpartition(".")[0]
    yield ""


@dataclass
class _Listed:
    """What was seen of a network's parts, made into layers."""

    root: Any
    seen: dict[str, Seen]
    places: Places
    passes: Sequence[Arrays]

    def listing(self) -> Listing:
        numbers = {name: number for number, name in enumerate(self._blocks())}
        self.places.declared_prefix = getattr(self.root, "num_prefix_tokens", None)
        for name in self._good:
            self.places.note(self._kind(name), self._shape(name), is_sure=self._is_plain(name))
        same = {name: self._makers.get(name) or self._above(name) for name in self.seen if self._hands_on(name)}
        layers = [self._layer(name, numbers.get(name)) for name in self.seen if name not in same]
        idle = [name for name, _ in self.root.named_modules() if name and name not in self.seen]
        return Listing(tuple(layers), tuple(idle), tuple(compiled(self.root)), self.places.mask, same)

    def _layer(self, name: str, number: int | None) -> Layer:
        kind, shape, why_not = self._kind(name), self._shape(name), self._why_not(name)
        count = sum(each.numel() for each in self.seen[name].module.parameters())
        if why_not:
            take = self._above(name)
            return Layer(name, kind, shape, count, f"{why_not}: take {take!r}" if take else why_not)
        maker = self._makers[name]  # which knows best what its axes are
        axes = self.places.axes(self._kind(maker), shape, is_sure=self._is_plain(maker))
        layer = Layer(name, kind, shape, count, axes=axes, number=number)
        layer.same_as = "" if maker == name else maker
        return layer

    def _kind(self, name: str) -> str:
        return type(self.seen[name].module).__name__

    def _is_plain(self, name: str) -> bool:
        """Whether a part computes what its name says, as torch's own do, and those that others derive from them."""
        ancestors = type(self.seen[name].module).__mro__
        runs = next(each for each in ancestors if "forward" in vars(each))
        own = next(each for each in ancestors if each.__module__.startswith(_TORCH))  # Module, if no other
        is_derived = own.__name__.endswith(_DIMENSIONS) and runs.__name__[-2:] == own.__name__[-2:]
        return runs.__module__.startswith(_TORCH) or is_derived

    def _shape(self, name: str) -> Shape:
        """For one input; what differs between passes of one row is open."""
        seen = self.seen[name]
        shapes = [shape for shape in seen.shapes if shape is not None]
        if seen.num_calls != 1 or len(shapes) != len(self.passes) or len({len(shape) for shape in shapes}) != 1:
            return shapes[0][1:] if shapes else ()
        alone = [shape for shape, arrays in zip(shapes, self.passes, strict=True) if len(arrays[0]) == 1]
        return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*alone, strict=True))[1:]

    @cached_property
    def _good(self) -> dict[str, None]:
        """Where numbers can be taken."""
        return {name: None for name in self.seen if not self._why_not(name)}

    @cached_property
    def _makers(self) -> dict[str, str]:
        """By good parts the first of those that give the same: others within them, or before them."""
        first: dict[str, str] = {}
        for name in sorted(self._good, key=lambda each: self.seen[each].ended):
            makers = self.seen[name].makers
            first[name] = first.setdefault(f"of {makers[0]}", name) if len(set(makers)) == 1 else name
        return {name: first[name] for name in self._good}

    def _hands_on(self, name: str) -> bool:
        """Whether it does nothing, and no numbers are known by its name."""
        return self.seen[name].is_handing_on and self._makers.get(name) != name

    def _above(self, name: str) -> str:
        """The innermost part around another in which numbers can be taken; empty: there is none."""
        return next((each for each in _and_above(name.rpartition(".")[0]) if each in self._good), "")

    def _why_not(self, name: str) -> str:
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
        return "" if self._shape(name) else "gives a single number"

    def _blocks(self) -> list[str]:
        """What numbers count: the parts of the outermost sequence in which most of a pass is run.

        A sequence is a list of parts (``blocks.0``, ``blocks.1`` …), or parts whose names are numbered (``layer1``,
        ``layer2`` …). Without one it is what the network itself is made of. Of a sequence whose parts are run, and
        give nothing that can be taken, none counts, nor what lies within them.
        """
        found: list[tuple[list[str], list[str]]] = []
        for name, part in self.root.named_modules():
            if any(_is_within(name, each) for run, _ in found for each in run):
                continue
            for numbered in _numbered([child for child, _ in part.named_children()]):
                run = [each for each in (_joined(name, child) for child in numbered) if each in self.seen]
                good = [each for each in run if self._counts(each)]
                if len(good) > 1 or (len(run) > 1 and self._good.keys().isdisjoint(run)):
                    found.append((good or run, good))
        outermost = [each for each in self.seen if "." not in each and self._counts(each)]
        return max(found, key=lambda each: self._num_run(each[0]), default=(outermost, outermost))[1]

    def _counts(self, name: str) -> bool:
        return name in self._good and not self._hands_on(name)

    def _num_run(self, blocks: Sequence[str]) -> int:
        """How many parts are run within some."""
        return sum(any(_is_within(name, block) for block in blocks) for name in self.seen)


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

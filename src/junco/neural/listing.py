"""`Listing`: the layers of a network, and which of them are meant by ``layer=``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from junco.errors import ParameterError
from junco.neural.layer import Layer, Pool
from junco.types import Space
from junco.types.space import DIM, LENGTH
from junco.wording import did_you_mean, nearest, picture

Wanted = str | int | tuple[str | int, ...]
"""A layer by its name or its number, or several."""

_WHAT_FITS = {
    "cls": "has no token that stands for all",
    "mean": "has no axes that are known to be places",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """All layers of a network, in the order in which they begin in a pass.

    Attributes:
        layers: each module, or node, that is run.
        idle: names of those that are not: containers of others, parts whose weights another uses.
        whole: names of those that were compiled to a graph, in which nobody can look.
        mask: which of the model's inputs says what tokens are real.
        same: names of parts that hand on what they are given, as a dropout does when vectors are made, each with the
            layer to take instead; an empty name, where there is none.
    """

    layers: tuple[Layer, ...]
    idle: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    mask: int | None = None
    same: Mapping[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> tuple[Layer, ...]:
        """What numbers count."""
        return tuple(sorted((each for each in self.layers if each.number is not None), key=lambda e: e.number or 0))

    def chosen(self, wanted: Wanted, pool: Pool | None, owner: str, *, pools_more: bool = False) -> Chosen:
        """The layers that are meant, and what is to be made of their outputs.

        Args:
            wanted: names or numbers.
            pool: what is to be made.
            owner: the operator's name, for messages.
            pools_more: ``pool`` has something to do, too, where layers give vectors.

        Raises:
            ParameterError: there is no such layer, none can be taken there, or the pool does not fit.
        """
        names = wanted if isinstance(wanted, tuple) else (wanted,)
        if not names:
            raise ParameterError(f"{owner!r}: layer=[] names no layer")
        layers = tuple(self._one(each, owner) for each in names)
        _check_no_double(layers, owner)
        is_open = [each for each in layers if None in each.shape and not each.axes.is_masked]
        if pool == "none" and is_open and len(layers) > 1:
            raise ParameterError(
                f"{owner!r}: pool='none': the size of what layer={str(is_open[0])!r} gives, {is_open[0].shape_text}, "
                "differs between inputs, so that several cannot be told apart: take that layer alone"
            )
        chosen = Chosen(layers, pool or "mean", self.mask)
        for each in layers:
            if each.axes.order != "c":
                chosen.check_pool(each, owner)
        if pool not in (None, "none") and not pools_more and all(each.axes.order == "c" for each in layers):
            chosen.check_pool(layers[0], owner)
        return chosen

    def _one(self, wanted: str | int, owner: str) -> Layer:
        if isinstance(wanted, int):
            return self._numbered(wanted, owner)
        found = next((each for each in self.layers if each == wanted), None)
        if found is None:
            raise self._unknown(wanted, owner)
        if found.why_not:
            raise ParameterError(f"{owner!r}: layer={picture(wanted)} {found.why_not}")
        return found

    def _numbered(self, number: int, owner: str) -> Layer:
        blocks = self.blocks
        if not -len(blocks) <= number < len(blocks):
            raise ParameterError(
                f"{owner!r}: layer={number}: numbers count the network's {len(blocks)} blocks, {blocks[0]!r} to "
                f"{blocks[-1]!r}: take {-len(blocks)} to {len(blocks) - 1}, or a name; layers() lists them"
                if blocks
                else f"{owner!r}: layer={number}: the network has no blocks to count: take a name; layers() lists them"
            )
        return self._one(blocks[number], owner)

    def _unknown(self, name: str, owner: str) -> ParameterError:
        good = [each for each in self.layers if not each.why_not]
        if (part := next((each for each in self.whole if name.startswith(f"{each}.")), None)) is not None:
            return ParameterError(
                f"{owner!r}: layer={name!r} stands inside {part!r}, which was compiled to a graph: take {part!r}"
            )
        if name in self.idle:
            within = [each for each in good if each.startswith(f"{name}.")]
            outside = [each for each in good if name.startswith(f"{each}.")]
            take = outside[-1] if outside else self._last_within(name, within)
            return ParameterError(
                f"{owner!r}: layer={name!r} is not run by itself{'' if take is None else f': take {take!r}'}"
            )
        parts = [each.strip() for each in name.split(",")]
        if len(parts) > 1 and set(parts) <= set(map(str, self.layers)):
            return ParameterError(f"{owner!r}: layer={name!r}: several layers are a list: [{', '.join(parts)}]")
        if (giver := self.same.get(name)) is not None:
            instead = f": take {giver!r}" if giver else ""
            return ParameterError(f"{owner!r}: layer={name!r} hands on what it is given, unchanged{instead}")
        near = nearest(name, good)
        return ParameterError(
            f"{owner!r}: layer={picture(name)}: its network has no such layer.{did_you_mean(near)} layers() lists them"
        )

    @staticmethod
    def _last_within(name: str, within: Sequence[Layer]) -> Layer | None:
        """The last part of a container: what comes out of it."""
        direct = [each for each in within if "." not in each.removeprefix(f"{name}.")]
        return next(reversed(direct or list(within)), None)


def _check_no_double(layers: Sequence[Layer], owner: str) -> None:
    """Refuse several layers of which two give the same numbers."""
    first: dict[str, Layer] = {}
    for each in layers:
        if (other := first.get(each.numbers)) is None:
            first[each.numbers] = each
            continue
        both = f"{str(each)!r} twice" if other == each else f"{str(other)!r} and {str(each)!r}, which give the same"
        raise ParameterError(f"{owner!r}: layer= names {both}: leave one out")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where vectors are taken, and how one is made of each output; several are put one behind the other.

    Attributes:
        layers: in the order asked for.
        pool: of those whose outputs have places; a layer that gives a vector is taken as it is.
        mask: which of the model's inputs says what tokens are real.
    """

    layers: tuple[Layer, ...]
    pool: Pool = "mean"
    mask: int | None = None

    @property
    def dim(self) -> int | None:
        """How many numbers they give together; ``None``: that differs between inputs."""
        return None if None in self.sizes else sum(size or 0 for size in self.sizes)

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """How many numbers each gives."""
        return tuple(self._size(each) for each in self.layers)

    def _size(self, layer: Layer) -> int | None:
        if self.pool != "none" and layer.axes.order:
            return layer.shape[layer.axes.order.index("c")]
        sizes = [size for size in layer.shape if size is not None]
        return math.prod(sizes) if len(sizes) == len(layer.shape) else None

    def in_space(self, space: Space) -> Space:
        """The space of their vectors, given that of the model's own."""
        how = [self.pool if each.axes.order != "c" else "none" for each in self.layers]
        pooling = how[0] if len(set(how)) == 1 else how
        kept = {name: part for name, part in space.parts.items() if name not in (DIM, "pooling")}
        dim = {} if self.dim is None else {DIM: self.dim}
        numbers = [each.numbers for each in self.layers]
        layer = numbers[0] if len(numbers) == 1 else numbers
        parts = {**kept, "layer": layer, "pooling": pooling, **dim, LENGTH: False}
        label = f"{space.label}, {', '.join(self.layers)}".removeprefix(", ")
        return Space(parts, label, unknown=space.unknown)

    @property
    def recipe(self) -> str:
        """In words, for caches."""
        return f"layer {', '.join(self.layers)}, {self.pool} of {', '.join(each.axes.order for each in self.layers)}"

    def check_pool(self, layer: Layer, owner: str) -> None:
        """Refuse what cannot be made of a layer's output.

        Raises:
            ParameterError: with what can.
        """
        if self.pool in layer.axes.pools:
            return
        shape = layer.shape_text
        if layer.axes.order == "c":
            what = f"gives a vector of {shape} numbers, which nothing is to be made of: leave pool out"
        else:
            why = _WHAT_FITS["cls" if self.pool == "cls" and layer.axes.order else "mean"]
            what = f"gives {shape}, which {why}: take {' or '.join(map(repr, layer.axes.pools))}"
        raise ParameterError(f"{owner!r}: pool={self.pool!r} does not fit layer={str(layer)!r}: it {what}")

"""`Layer`: a place in a network where vectors can be taken, by its dotted name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

Pool = Literal["mean", "max", "cls", "gem", "none"]
"""How one vector is made of a layer's output; ``none``: the output as it is."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of a layer's output are, the axis of inputs left out.

    Attributes:
        order: a letter an axis, ``c`` for the numbers of one place: ``c`` a vector, ``tc`` tokens, ``ct`` sound with
            channels first, ``chw`` and ``hwc`` maps; empty where nobody can tell.
        num_prefix: tokens before those of the input itself, as a class token is.
        is_masked: a mask among the model's inputs says which tokens are real.
        has_cls: the first token stands for all.
    """

    order: str = ""
    num_prefix: int = 0
    is_masked: bool = False
    has_cls: bool = False

    @property
    def pools(self) -> tuple[Pool, ...]:
        """What can be made of it."""
        if self.order in ("", "c"):
            return ("none",)
        return ("mean", "max", "gem", *(("cls",) if self.has_cls else ()), "none")


class Layer(str):
    """The dotted name of a layer, as ``layer=`` takes it; it is a text that knows what the layer is.

    Attributes:
        kind: of the module, or of the node of a graph: ``Bottleneck``, ``MatMul``.
        shape: of its output for one input, the axis of inputs left out; ``None`` for what differs between inputs.
        num_parameters: of the layer and all within it.
        why_not: why no vector can be taken there; empty where one can.
        axes: of its output.
        number: which block of the network it is, as ``layer=0`` and ``layer=-1`` count them; ``None``: no block.
        same_as: the first layer that gives the very same numbers, as the last of a sequence gives those of the whole;
            empty where it is the first.
    """

    __slots__ = ("axes", "kind", "num_parameters", "number", "same_as", "shape", "why_not")

    kind: str
    shape: tuple[int | None, ...]
    num_parameters: int
    why_not: str
    axes: Axes
    number: int | None
    same_as: str

    def __new__(
        cls,
        name: str,
        kind: str,
        shape: tuple[int | None, ...],
        num_parameters: int = 0,
        why_not: str = "",
        *,
        axes: Axes = Axes(),  # frozen
        number: int | None = None,
    ) -> Self:
        self = super().__new__(cls, name)
        self.kind, self.shape, self.num_parameters, self.why_not = kind, shape, num_parameters, why_not
        self.axes, self.number, self.same_as = axes, number, ""
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        """What copies are made of."""
        how: dict[str, object] = {"axes": self.axes, "number": self.number}
        return (str(self), self.kind, self.shape, self.num_parameters, self.why_not), how

    @property
    def numbers(self) -> str:
        """What its numbers go by, whichever of several layers they are taken at."""
        return self.same_as or str(self)

    @property
    def depth(self) -> int:
        """In how many layers it stands."""
        return self.count(".")

    @property
    def shape_text(self) -> str:
        """``64×56×56``; ``?`` stands for what differs between inputs."""
        return "×".join("?" if size is None else str(size) for size in self.shape)

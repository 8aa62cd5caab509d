"""`Layer`: a place in a network where vectors can be taken, by its dotted name."""

from __future__ import annotations

from typing import Self


class Layer(str):
    """The dotted name of a layer, as ``layer=`` takes it; it is a text that knows what the layer is.

    Attributes:
        kind: of the module, or of the node of a graph: ``Bottleneck``, ``MatMul``.
        shape: of its output for one input, the axis of inputs left out; ``None`` for what differs between inputs.
        num_parameters: of the layer and all within it.
        why_not: why no vector can be taken there; empty where one can.
    """

    __slots__ = ("kind", "num_parameters", "shape", "why_not")

    kind: str
    shape: tuple[int | None, ...]
    num_parameters: int
    why_not: str

    def __new__(
        cls, name: str, kind: str, shape: tuple[int | None, ...], num_parameters: int = 0, why_not: str = ""
    ) -> Self:
        self = super().__new__(cls, name)
        self.kind, self.shape, self.num_parameters, self.why_not = kind, shape, num_parameters, why_not
        return self

    @property
    def depth(self) -> int:
        """In how many layers it stands."""
        return self.count(".")

    @property
    def shape_text(self) -> str:
        """``64×56×56``; ``?`` stands for what differs between inputs."""
        return "×".join("?" if size is None else str(size) for size in self.shape)

"""`Node` and `Graph`: what a pipeline is, before anything is resolved or loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from junco.errors import GraphError, UnknownNameError
from junco.operator.base import Operator
from junco.operator.spec import OperatorSpec

Verb = Literal["map", "flat_map", "filter", "window", "time_window", "window_all", "reduce", "concat"]
VERBS: tuple[str, ...] = get_args(Verb)
GROUPING = frozenset({"window", "time_window", "window_all", "reduce"})
INPUT = "input"
"""The name that stands for the pipeline's input among the steps."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step. Columns are named; ``after`` names the steps it follows (several for ``concat``)."""

    verb: Verb
    name: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    fn: Callable[..., Any] | None = None
    after: tuple[str, ...] = (INPUT,)
    on: tuple[str, ...] = ()
    size: float | None = None
    step: float | None = None
    timestamp: str | None = None
    per: str | None = None
    keep_empty: bool = False
    workers: int | None = None
    backend: str | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """All columns that the node looks at."""
        extra = tuple(c for c in (self.timestamp, self.per) if c is not None)
        return (*self.inputs, *self.on, *extra)

    def __str__(self) -> str:
        return f"step {self.name!r} ({self.verb})"


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline as a value: input columns, steps in an order in which each follows those it needs, output columns."""

    inputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    name: str = ""
    family: str = ""
    description: str = ""
    license: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    space: str = ""
    """The name of the space of its vectors, for what junco cannot identify by itself."""

    def __post_init__(self) -> None:
        for kind, columns in (("input", self.inputs), ("output", self.outputs)):
            if not columns:
                raise GraphError(f"a pipeline needs at least one {kind} column")
            if twice := repeated(columns):
                raise GraphError(f"the {kind} column {twice!r} is named twice")
        if twice := repeated(node.name for node in self.nodes):
            raise GraphError(f"two steps are named {twice!r}: give each its own name")

    @property
    def last(self) -> str:
        """Name of the step that the outputs are taken after."""
        return self.nodes[-1].name if self.nodes else INPUT

    def node(self, name: str) -> Node:
        """The step of that name.

        Raises:
            UnknownNameError: with the nearest names.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise UnknownNameError(
            "step", name, [n.name for n in self.nodes], f"Its steps: {', '.join(n.name for n in self.nodes)}."
        )

    def with_node(self, node: Node) -> Graph:
        """The same graph with the step of that name replaced."""
        return replace(self, nodes=tuple(node if n.name == node.name else n for n in self.nodes))

    def __str__(self) -> str:
        title = f"{self.name or 'a pipeline'}: {', '.join(self.inputs)} → {', '.join(self.outputs)}"
        return "\n".join([title, *(f"  {_line(node)}" for node in self.nodes)])

    def specs(self) -> Iterator[OperatorSpec]:
        """The registered operators that the graph uses, in step order."""
        for node in self.nodes:
            if isinstance(node.fn, OperatorSpec):
                yield node.fn


def _line(node: Node) -> str:
    if node.verb == "concat":
        return f"{node.name}: {', '.join(node.after)} meet"
    return f"{node.name}: {node.verb} {fn_name(node.fn)}, {', '.join(node.inputs)} → {', '.join(node.outputs) or '()'}"


def repeated(names: Iterable[str]) -> str | None:
    """The first name that comes a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def fn_name(fn: Callable[..., Any] | None) -> str:
    """What to call a step's callable in messages."""
    if isinstance(fn, OperatorSpec):
        return fn.name
    if isinstance(fn, Operator):
        return fn.spec.name
    if (graph := getattr(fn, "graph", None)) is not None and isinstance(graph, Graph):
        return f"pipeline {graph.name or 'without a name'}"
    return str(getattr(fn, "__qualname__", None) or type(fn).__qualname__).replace("<locals>.", "")


def name_steps(steps: Iterable[tuple[str | None, Verb, Callable[..., Any] | None]]) -> list[str]:
    """Names for steps in order: the given one, else the operator's family or the function's name, and ``-2`` …"""
    steps = list(steps)
    taken = {given for given, _, _ in steps if given} | {INPUT}
    names = []
    numbers: dict[str, int] = {}
    for given, verb, fn in steps:
        base = name = given or _default_name(verb, fn)
        while not given and name in taken:
            numbers[base] = numbers.get(base, 1) + 1
            name = f"{base}-{numbers[base]}"
        taken.add(name)
        names.append(name)
    return names


def _default_name(verb: Verb, fn: Callable[..., Any] | None) -> str:
    if isinstance(fn, (OperatorSpec, Operator)):
        return fn_name(fn).partition(".")[0]
    graph = getattr(fn, "graph", None)
    simple = graph.name if isinstance(graph, Graph) else getattr(fn, "__name__", "")
    return simple if simple and simple.isidentifier() else verb

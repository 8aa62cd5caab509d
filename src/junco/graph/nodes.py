"""`Node`, `Graph` and `Callee`: what a pipeline is, before anything is resolved or loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from junco.errors import GraphError, UnknownNameError
from junco.graph.written import Written
from junco.operator.base import Operator
from junco.operator.hints import Hints
from junco.operator.ports import Ports
from junco.operator.spec import OperatorSpec
from junco.wording import did_you_mean, nearest, printable, printable_lines

Verb = Literal["map", "flat_map", "filter", "window", "time_window", "window_all", "reduce", "concat"]
VERBS: tuple[str, ...] = get_args(Verb)
GROUPING = frozenset({"window", "time_window", "window_all", "reduce"})
MOST_WORKERS = 1024
"""Threads or processes that a step may ask for."""
MOST_STEPS = 10_000
"""Steps of a pipeline, with those of the pipelines in it."""
MOST_ROWS = 1_000_000_000
"""Rows, or seconds, that a window may span or move by: more is a slip of the pen."""
INPUT = "input"
"""The name that stands for the pipeline's input among the steps."""


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """One step. Columns are named; ``after`` names the steps it follows (several for ``concat``).

    A name with a dot may mean a field of a column's values, ``chunk.text``. ``timestamp`` names one column for each
    level that a ``time_window`` looks at. ``per`` names the scope of a grouping step, or of an operator's state.
    """

    verb: Verb
    name: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    fn: Callable[..., Any] | None = None
    after: tuple[str, ...] = (INPUT,)
    on: tuple[str, ...] = ()
    size: float | None = None
    step: float | None = None
    timestamp: tuple[str, ...] = ()
    per: str | None = None
    keep_empty: bool = False
    workers: int | None = None
    backend: str | None = None
    written: Written | None = field(default=None, compare=False, repr=False)
    """Where the step stands in a file, for errors."""

    def __post_init__(self) -> None:
        given: Any = self.timestamp
        if not isinstance(given, tuple):  # one column may be given by its name, none as None
            object.__setattr__(self, "timestamp", () if given is None else (given,))
        if isinstance(self.fn, OperatorSpec):  # which its owner may train later
            object.__setattr__(self, "fn", self.fn.held())

    @property
    def reads(self) -> tuple[str, ...]:
        """All columns that the node looks at."""
        return (*self.inputs, *self.on, *self.timestamp, *((self.per,) if self.per is not None else ()))

    @property
    def spec(self) -> OperatorSpec | None:
        """The operator that stands in the step by its spec; ``None`` for all else, the caller's own object too."""
        callee = self.callee
        return callee.spec if callee is not None and callee.live is None else None

    @property
    def callee(self) -> Callee | None:
        """What the step calls, and of which kind it is; ``None`` for ``concat``."""
        return Callee.of(self.fn) if self.fn is not None else None

    def __str__(self) -> str:
        return f"step {self.name!r} ({self.verb})"

    def __repr__(self) -> str:
        return printable(f"<step {_line(self)}>")


@dataclass(frozen=True, slots=True, repr=False)
class Graph:
    """A pipeline as a value: input columns, steps in an order in which each follows those it needs, output columns.

    Without output columns it is run for what its steps do, and gives ``None`` for each item.
    """

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
    main: str = ""
    """The step whose parameters are the pipeline's too."""
    written: Written | None = field(default=None, compare=False, repr=False)
    """Where its keys stand in a file, for errors."""

    def place_of(self, key: str) -> Written | None:
        """Where one of its keys stands in a file."""
        return self.written.at(key) if self.written is not None else None

    def __post_init__(self) -> None:
        if not self.inputs:
            raise GraphError("a pipeline needs at least one input column")
        for kind, columns in (("input", self.inputs), ("output", self.outputs)):
            if twice := repeated(columns):
                raise GraphError(f"the {kind} column {twice!r} is named twice")
        if twice := repeated(node.name for node in self.nodes):
            raise GraphError(f"two steps are named {twice!r}: give each its own name")
        if self.main and not any(node.name == self.main and node.fn is not None for node in self.nodes):
            names = [node.name for node in self.nodes if node.fn is not None]
            near = did_you_mean(nearest(self.main, names, 1))
            raise GraphError(f"main names the step {self.main!r}, and no step of that name calls an operator.{near}")

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
        title = f"{self.name or 'a pipeline'}: {self.columns}"
        return printable_lines([title, *(f"  {_line(node)}" for node in self.nodes)])

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name else ""
        steps = "1 step" if len(self.nodes) == 1 else f"{len(self.nodes):,} steps"
        return printable(f"<graph{name}: {self.columns}, {steps}>")

    def _repr_html_(self) -> str:
        from junco.graph.page import graph_html

        return graph_html(self)

    @property
    def columns(self) -> str:
        """What goes in and what comes out, in a line."""
        return f"{', '.join(self.inputs)} → {', '.join(self.outputs) or '()'}"


@dataclass(frozen=True, slots=True)
class Callee:
    """What stands in a step: an operator (its spec, or the caller's own object), a pipeline, or a Python function.

    This is the one place that tells them apart.

    Attributes:
        fn: the object itself.
        spec: of an operator.
        live: the caller's own operator, which is used as it is.
        graph: of a pipeline.
    """

    fn: Callable[..., Any]
    spec: OperatorSpec | None = None
    live: Operator | None = None
    graph: Graph | None = None

    @classmethod
    def of(cls, fn: Callable[..., Any]) -> Callee:
        """The kind of a callable."""
        if isinstance(fn, OperatorSpec):
            return cls(fn, spec=fn)
        if isinstance(fn, Operator):
            return cls(fn, spec=fn.spec, live=fn)
        graph = fn if isinstance(fn, Graph) else getattr(fn, "graph", None)
        return cls(fn, graph=graph if isinstance(graph, Graph) else None)

    @property
    def is_operator(self) -> bool:
        """Whether it is an operator: it has ports and hints, and works in batches."""
        return self.spec is not None

    @property
    def operator(self) -> type[Operator]:
        """The operator's class; imports its module."""
        assert self.spec is not None
        return type(self.live) if self.live is not None else self.spec.load()

    @property
    def ports(self) -> Ports:
        """The operator's ports with its parameters; imports its module."""
        assert self.spec is not None
        return self.operator.ports_with(self.spec.params)

    @property
    def hints(self) -> Hints:
        """The operator's hints; imports its module."""
        return self.live.hints if self.live is not None else self.operator.hints

    @property
    def is_stateful(self) -> bool:
        """Whether it is an operator with a state; imports its module."""
        return self.is_operator and self.hints.stateful

    @property
    def bare_graph(self) -> Graph | None:
        """The graph of a pipeline that stands in the step by its graph alone: what is around it sets its parameters."""
        return self.fn if isinstance(self.fn, Graph) else None

    @property
    def devices(self) -> tuple[str, ...] | None:
        """The devices that a pipeline brings along; ``None`` where it has none of its own."""
        devices = getattr(self.fn, "devices", None) if self.graph is not None else None
        return devices if isinstance(devices, tuple) else None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        if self.spec is not None:
            return self.spec.name
        if self.graph is not None:
            return f"pipeline {self.graph.name or 'without a name'}"
        name = str(getattr(self.fn, "__qualname__", None) or type(self.fn).__qualname__).replace("<locals>.", "")
        if not name.endswith("<lambda>"):
            return name.replace("<lambda>.", "")
        code = getattr(self.fn, "__code__", None)
        return f"lambda at {Path(code.co_filename).name}:{code.co_firstlineno}" if code is not None else "lambda"


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
    return Callee.of(fn).name if fn is not None else "nothing"


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
    if fn is None:
        return verb
    callee = Callee.of(fn)
    if callee.spec is not None:
        return callee.spec.family
    simple = callee.graph.name if callee.graph is not None else getattr(fn, "__name__", "")
    return simple if simple and simple.isidentifier() else verb

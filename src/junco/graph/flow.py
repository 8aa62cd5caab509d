"""What a checked graph is made of: levels, slots (versions of columns), steps, and the whole `Flow`."""

from __future__ import annotations

from dataclasses import dataclass, field

from junco.graph.nodes import GROUPING, INPUT, Graph, Node


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A level of rows. Level 0 holds the input rows; others hang beneath the level of the rows that they came from."""

    index: int
    parent: Level | None = None
    opened_by: str = INPUT
    path: tuple[Level, ...] = field(init=False, repr=False)
    """The levels from 0 down to this one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", (*self.parent.path, self) if self.parent else (self,))

    def is_above(self, other: Level) -> bool:
        """Whether rows of ``other`` have an ancestor on this level (every level is above itself)."""
        depth = len(self.path) - 1
        return depth < len(other.path) and other.path[depth] is self

    @property
    def depth(self) -> int:
        """How many levels are above it."""
        return len(self.path) - 1


@dataclass(frozen=True, slots=True)
class Slot:
    """One version of a column, or a field of its values.

    ``chunk.text`` is the slot of ``chunk`` (the same ``index``, ``level`` and ``made_by``) with ``fields=("text",)``.
    """

    index: int
    name: str
    level: Level
    made_by: str
    fields: tuple[str, ...] = ()

    @property
    def key(self) -> int | tuple[int, tuple[str, ...]]:
        """What it is called among the columns of a table."""
        return (self.index, self.fields) if self.fields else self.index

    @property
    def column(self) -> str:
        """The name of the column itself, without the fields."""
        return self.name.removesuffix("".join(f".{field}" for field in self.fields))


@dataclass(frozen=True, slots=True)
class Side:
    """One of the levels that a ``time_window`` looks at: whose time says when, and which inputs of the step lie there.

    Attributes:
        level: whose rows are put into windows.
        timestamp: their time.
        inputs: the places of its columns among the step's inputs.
    """

    level: Level
    timestamp: Slot
    inputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A node with its columns resolved.

    Attributes:
        node: the node.
        level: whose rows the node works on; of a ``time_window`` over several levels the first one, see ``levels``.
        out_level: where its outputs lie.
        reads: its input columns.
        on: what a filter decides on.
        sides: of a ``time_window``, one for each timestamp.
        per: the column that names the scope.
        scope: the level whose rows a grouping step groups by, and with whose rows the state of an operator begins anew:
            that of ``per``, else level 0.
        writes: its output columns.
        masks: where branches meet, the steps before it that may have dropped rows: filters by their name, and every
            step by `fault_of` its name: a row that failed in one branch lives on in another.
    """

    node: Node
    level: Level
    out_level: Level
    reads: tuple[Slot, ...]
    on: tuple[Slot, ...]
    sides: tuple[Side, ...]
    per: Slot | None
    scope: Level
    writes: tuple[Slot, ...]
    masks: frozenset[str]

    @property
    def is_grouping(self) -> bool:
        """Whether it makes one row of several."""
        return self.node.verb in GROUPING

    @property
    def opens_level(self) -> bool:
        """Whether its outputs lie on a level of their own."""
        return self.out_level.opened_by == self.node.name

    @property
    def levels(self) -> tuple[Level, ...]:
        """Every level whose rows it works on."""
        return tuple(side.level for side in self.sides) or (self.level,)

    @property
    def fault_level(self) -> Level:
        """The level of the row that is lost when the step fails."""
        return self.out_level if self.is_grouping else self.level

    @property
    def looks_at(self) -> tuple[Slot, ...]:
        """Every slot that the step needs."""
        timestamps = (side.timestamp for side in self.sides)
        return (*self.reads, *self.on, *timestamps, *((self.per,) if self.per else ()))


@dataclass(frozen=True, slots=True)
class Flow:
    """A checked graph: levels, slots, steps, and the shape of its results."""

    graph: Graph
    levels: tuple[Level, ...]
    slots: tuple[Slot, ...]
    inputs: tuple[Slot, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Slot, ...]
    out_level: Level
    is_single: bool
    """Whether an item gives one value (or named row, or ``None`` without outputs); a list otherwise."""


def fault_of(step: str) -> str:
    """What the failures of a step are called among masks; no step has such a name."""
    return f"{step} failed"

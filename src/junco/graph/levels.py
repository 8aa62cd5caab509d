"""Levels: which row level every column lives on, and which graphs have no meaning.

`check` walks a graph once and resolves every column name to a *slot* (a column of one version: overwriting a name
makes a new slot) on a *level*. Everything after it works on slots and levels and never looks at names again.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from junco.errors import GraphError
from junco.graph.nodes import GROUPING, INPUT, Graph, Node
from junco.wording import did_you_mean, nearest


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A level of rows. Level 0 holds the input rows; others hang beneath the level of the rows that they came from."""

    index: int
    parent: Level | None = None
    opened_by: str = INPUT

    @property
    def path(self) -> tuple[Level, ...]:
        """The levels from 0 down to this one."""
        return (*self.parent.path, self) if self.parent else (self,)

    def is_above(self, other: Level) -> bool:
        """Whether rows of ``other`` have an ancestor on this level (every level is above itself)."""
        return self in other.path

    @property
    def depth(self) -> int:
        return len(self.path) - 1


@dataclass(frozen=True, slots=True)
class Slot:
    """One version of a column."""

    index: int
    name: str
    level: Level
    made_by: str


@dataclass(frozen=True, slots=True)
class Step:
    """A node with its columns resolved.

    ``level`` is the level whose rows the node works on, ``out_level`` that of its outputs, ``scope`` the level whose
    rows a grouping node groups by. ``masks`` are the steps before it that may have dropped rows: filters by their name,
    and, where branches meet, every step by `fault_of` its name: a row that failed in one branch lives on in another.
    """

    node: Node
    level: Level
    out_level: Level
    reads: tuple[Slot, ...]
    on: tuple[Slot, ...]
    timestamp: Slot | None
    per: Slot | None
    scope: Level | None
    writes: tuple[Slot, ...]
    masks: frozenset[str]

    @property
    def fault_level(self) -> Level:
        """The level of the row that is lost when the step fails."""
        return self.out_level if self.node.verb in GROUPING else self.level

    @property
    def looks_at(self) -> tuple[Slot, ...]:
        """Every slot that the step needs."""
        return (*self.reads, *self.on, *(slot for slot in (self.timestamp, self.per) if slot))


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
    """Whether an item gives one value (or named row); a list otherwise."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is to be seen after a step: live columns, columns closed by a grouping, filters passed, all slots so far."""

    columns: dict[str, Slot] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    masks: dict[str, Level] = field(default_factory=dict)
    seen: frozenset[int] = frozenset()


def check(graph: Graph) -> Flow:
    """Resolve a graph's columns and levels.

    Raises:
        GraphError: an unknown or grouped column, levels that do not lie on one path, a cycle, a dangling step.
    """
    return _Checker(graph).run()


class _Checker:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.has_branches = any(node.verb == "concat" for node in graph.nodes)
        self.root = Level(0)
        self.levels = [self.root]
        self.slots: list[Slot] = []
        self.steps: list[Step] = []

    def run(self) -> Flow:
        graph = self.graph
        _check_order(graph)
        inputs = tuple(self._slot(name, self.root, INPUT) for name in graph.inputs)
        scenes = {INPUT: _Scene({slot.name: slot for slot in inputs}, seen=frozenset(slot.index for slot in inputs))}
        for node in graph.nodes:
            before = [scenes[name] for name in node.after]
            scenes[node.name] = self._meet(node, before) if node.verb == "concat" else self._step(node, before[0])
        last = scenes[graph.last]
        outputs = tuple(self._find(last, name, "the output") for name in graph.outputs)
        out_level = self._deepest(outputs, "the output", self.root)
        self._warn_of_unused(outputs)
        filters = (node.name for node in graph.nodes if node.verb == "filter")
        is_single = out_level is self.root and not any(last.masks.get(name) is self.root for name in filters)
        return Flow(
            graph, tuple(self.levels), tuple(self.slots), inputs, tuple(self.steps), outputs, out_level, is_single
        )

    def _slot(self, name: str, level: Level, made_by: str) -> Slot:
        slot = Slot(len(self.slots), name, level, made_by)
        self.slots.append(slot)
        return slot

    def _open(self, parent: Level, node: Node) -> Level:
        level = Level(len(self.levels), parent, node.name)
        self.levels.append(level)
        return level

    def _step(self, node: Node, scene: _Scene) -> _Scene:
        _check_shape(node)
        reads = tuple(self._find(scene, name, str(node)) for name in node.inputs)
        on = tuple(self._find(scene, name, str(node)) for name in node.on)
        timestamp = self._find(scene, node.timestamp, str(node)) if node.timestamp else None
        level = self._deepest((*reads, *on, *((timestamp,) if timestamp else ())), str(node), self.root)
        per = self._find(scene, node.per, str(node)) if node.per else None
        scope = self._scope(node, per, level, reads) if node.verb in GROUPING else None
        out_level = self._out_level(node, level, scope)
        writes = self._writes(node, reads, out_level)
        step = Step(node, level, out_level, reads, on, timestamp, per, scope, writes, frozenset(scene.masks))
        self.steps.append(step)
        return self._after(step, scene)

    def _out_level(self, node: Node, level: Level, scope: Level | None) -> Level:
        if node.verb in ("window", "time_window"):
            assert scope is not None
            return self._open(scope, node)
        if scope is not None:
            return scope
        return self._open(level, node) if node.verb == "flat_map" else level

    def _writes(self, node: Node, reads: Sequence[Slot], out_level: Level) -> tuple[Slot, ...]:
        if node.verb != "filter":
            return tuple(self._slot(name, out_level, node.name) for name in node.outputs)
        return tuple(
            Slot(slot.index, name, slot.level, slot.made_by)  # the same column under the name it leaves with
            if slot.level is out_level
            else self._slot(name, out_level, node.name)
            for slot, name in zip(reads, node.outputs, strict=True)
        )

    def _after(self, step: Step, scene: _Scene) -> _Scene:
        node, columns, closed = step.node, dict(scene.columns), dict(scene.closed)
        masks = dict(scene.masks)
        if step.scope is not None and step.scope is not step.level:
            top = step.level.path[step.scope.depth + 1]
            for name, slot in scene.columns.items():
                if top.is_above(slot.level):
                    del columns[name]
                    closed[name] = node.name
        for slot in step.writes:
            columns[slot.name] = slot
            closed.pop(slot.name, None)
        if node.verb == "filter":
            masks[node.name] = step.level
        if self.has_branches:
            masks[fault_of(node.name)] = step.fault_level
        return _Scene(columns, closed, masks, scene.seen | {slot.index for slot in step.writes})

    def _meet(self, node: Node, scenes: Sequence[_Scene]) -> _Scene:
        columns: dict[str, Slot] = {}
        earlier: list[Slot] = []
        source = frozenset.intersection(*(scene.seen for scene in scenes))
        for scene in scenes:
            own = [slot for slot in scene.columns.values() if slot.index not in source]
            self._check_branches(node, earlier, own)
            earlier += own
            columns.update(scene.columns)
        closed = {name: by for scene in scenes for name, by in scene.closed.items() if name not in columns}
        masks = {name: level for scene in scenes for name, level in scene.masks.items()}
        return _Scene(columns, closed, masks, frozenset.union(*(scene.seen for scene in scenes)))

    def _check_branches(self, node: Node, ones: Iterable[Slot], others: Sequence[Slot]) -> None:
        for one in ones:
            for other in others:
                if not (one.level.is_above(other.level) or other.level.is_above(one.level)):
                    raise GraphError(_not_on_one_path(one, other, str(node)))

    def _find(self, scene: _Scene, name: str, where: str) -> Slot:
        if name in scene.columns:
            return scene.columns[name]
        if name in scene.closed:
            raise GraphError(
                f"{where} uses the column {name!r}, whose rows were grouped by step {scene.closed[name]!r}: "
                f"put {name!r} among the inputs of {scene.closed[name]!r}"
            )
        cure = did_you_mean(nearest(name, scene.columns, 1))
        raise GraphError(
            f"{where} uses the column {name!r}, which no earlier step made.{cure} There are: {', '.join(scene.columns)}"
        )

    def _deepest(self, slots: Iterable[Slot], where: str, floor: Level) -> Level:
        deepest, named = floor, None
        for slot in slots:
            if deepest.is_above(slot.level):
                deepest, named = slot.level, slot
            elif not slot.level.is_above(deepest):
                assert named is not None
                raise GraphError(_not_on_one_path(named, slot, where))
        return deepest

    def _scope(self, node: Node, per: Slot | None, level: Level, reads: Sequence[Slot]) -> Level:
        if per is None:
            return self.root
        if not per.level.is_above(level):
            raise GraphError(
                f"{node}: per={per.name!r} does not hold the rows of {', '.join(repr(s.name) for s in reads)}: "
                f"name a column that they came from"
            )
        return per.level

    def _warn_of_unused(self, outputs: Sequence[Slot]) -> None:
        used = {slot.index for slot in outputs}
        used.update(slot.index for step in self.steps for slot in step.looks_at)
        for step in self.steps:
            if step.node.verb != "filter" and step.writes and not any(slot.index in used for slot in step.writes):
                names = ", ".join(repr(slot.name) for slot in step.writes)
                warnings.warn(
                    f"{step.node} makes {names}, which nothing uses; "
                    "if the step is there for what it does, give it () as output",
                    stacklevel=5,
                )


def fault_of(step: str) -> str:
    """What the failures of a step are called among masks; no step has such a name."""
    return f"{step} failed"


def _not_on_one_path(one: Slot, other: Slot, where: str) -> str:
    return (
        f"{where} uses {one.name!r} (rows made by {one.level.opened_by!r}) together with {other.name!r} "
        f"(rows made by {other.level.opened_by!r}), which have no common rows: group one of them first, "
        f"for instance .window_all({other.name!r}, …)"
    )


def _check_order(graph: Graph) -> None:
    """Every step follows steps that exist and come before it; every step but the last is followed."""
    known = {INPUT, *(node.name for node in graph.nodes)}
    seen = {INPUT}
    for node in graph.nodes:
        for name in node.after:
            if name not in known:
                near = did_you_mean(nearest(name, known, 1))
                raise GraphError(f"{node} follows {name!r}, and there is no such step.{near}")
            if name not in seen:
                raise GraphError(f"{node} follows {name!r}, which comes after it: the steps run in a cycle")
        seen.add(node.name)
    followed = {name for node in graph.nodes for name in node.after} | {graph.last}
    for node in graph.nodes:
        if node.name not in followed:
            raise GraphError(f"{node} leads nowhere: let a later step follow it, or concat it")


def _check_shape(node: Node) -> None:
    """What a node needs apart from its columns' levels."""
    if not node.inputs:
        raise GraphError(f"{node} has no input column")
    if (twice := next((o for i, o in enumerate(node.outputs) if o in node.outputs[:i]), None)) is not None:
        raise GraphError(f"{node} names the output column {twice!r} twice")
    if node.verb == "filter" and len(node.inputs) != len(node.outputs):
        raise GraphError(f"{node} keeps {len(node.inputs)} columns under {len(node.outputs)} names: name each once")
    if node.verb == "filter" and not node.on:
        raise GraphError(f"{node} has no column to decide on: say on='column'")
    if node.verb in ("window", "time_window"):
        for what, value in (("size", node.size), ("step", node.step)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0 or value == float("inf"):
                raise GraphError(f"{node}: {what} must be a number above 0, not {value!r}")
            if node.verb == "window" and not isinstance(value, int):
                raise GraphError(f"{node}: {what} counts rows, so it must be a whole number, not {value!r}")
    if node.verb == "time_window" and not node.timestamp:
        raise GraphError(f"{node} has no timestamp column")

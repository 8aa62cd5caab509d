"""A naive reference interpreter of the row semantics: whole tables, rows with parent links, nothing streamed.

It reads only `Graph` and `Node` and works names and levels out by itself. A level is the tuple of the names of the
steps that opened it: ``()`` holds the input row, ``("boxes", "parts")`` the parts of boxes. One item at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from junco.graph.nodes import INPUT, Graph, Node
from junco.operator.spec import OperatorSpec

Level = tuple[str, ...]


class Unsettled(Exception):
    """The row semantics say nothing about this case: a test has to leave it out."""


@dataclass(eq=False)
class Row:
    """One row; ``children`` are the rows beneath it, by the step that made them."""

    level: Level
    parent: Row | None
    cells: dict[Column, Any] = field(default_factory=dict)
    children: dict[str, list[Row]] = field(default_factory=dict)

    def value(self, column: Column) -> Any:
        row: Row | None = self
        while row is not None and row.level != column.level:
            row = row.parent
        assert row is not None
        return row.cells[column]


@dataclass(eq=False)
class Column:
    """One version of a named column."""

    name: str
    level: Level

    def of(self, row: Row) -> Any:
        return row.value(self)


@dataclass(frozen=True)
class Field:
    """A field of a column's values."""

    column: Column
    names: tuple[str, ...]

    @property
    def level(self) -> Level:
        return self.column.level

    def of(self, row: Row) -> Any:
        value = row.value(self.column)
        for name in self.names:
            value = None if value is None else getattr(value, name)
        return value


Read = Column | Field


@dataclass
class Scene:
    """What a branch sees after a step: live columns, rows that its filters dropped, rows that failed."""

    columns: dict[str, Column]
    writers: dict[str, str] = field(default_factory=dict)
    """The step that each name was last written by."""
    passed: set[str] = field(default_factory=set)
    """All steps that led here."""
    gone: set[Row] = field(default_factory=set)
    failed: set[Row] = field(default_factory=set)
    forgotten: set[Row] = field(default_factory=set)
    """Failed rows of levels that were grouped since."""
    has_root_filter: bool = False

    def copy(self) -> Scene:
        return Scene(
            dict(self.columns),
            dict(self.writers),
            set(self.passed),
            set(self.gone),
            set(self.failed),
            set(self.forgotten),
            self.has_root_filter,
        )

    def write(self, name: str, column: Column, step: str) -> None:
        if self.columns.get(name) is not column:
            self.writers[name] = step
        self.columns[name] = column

    def read(self, name: str) -> Read:
        """A column by its name, or a field of one."""
        if name in self.columns:
            return self.columns[name]
        column, _, names = name.partition(".")
        return Field(self.columns[column], tuple(names.split(".")))


@dataclass
class Outcome:
    """What one item gives: its result, the failures (step, exception), and whether the item itself failed."""

    value: Any
    failures: list[tuple[str, Exception]]
    is_failed: bool


def run(graph: Graph, *values: Any) -> Any:
    """The result of one item; raises the first failure that the interpreter meets."""
    outcome = interpret(graph, values)
    if outcome.failures:
        raise outcome.failures[0][1]
    return outcome.value


def batch(graph: Graph, items: Sequence[Any], on_error: str = "skip") -> list[Any]:
    """The results of many items under ``on_error="skip"`` or ``"none"``."""
    outcomes = outcomes_of(graph, items, on_error)
    return [outcome.value for outcome in outcomes if on_error == "none" or not outcome.is_failed]


def outcomes_of(graph: Graph, items: Sequence[Any], on_error: str = "skip") -> list[Outcome]:
    """One outcome for each item; an item of a graph with several inputs is a tuple."""
    rows = [item if len(graph.inputs) > 1 else (item,) for item in items]
    return [interpret(graph, row, has_ghosts=on_error == "none") for row in rows]


def interpret(graph: Graph, values: Sequence[Any], *, has_ghosts: bool = False) -> Outcome:
    """One item. With ``has_ghosts`` failed rows keep their place as ``None``; else they are dropped."""
    return _Interpreter(graph, has_ghosts).item(values)


class _Interpreter:
    def __init__(self, graph: Graph, has_ghosts: bool) -> None:
        self.graph = graph
        self.has_ghosts = has_ghosts
        self.root = Row((), None)
        self.failures: list[tuple[str, Exception]] = []

    def item(self, values: Sequence[Any]) -> Outcome:
        columns = {name: Column(name, ()) for name in self.graph.inputs}
        for column, value in zip(columns.values(), values, strict=True):
            self.root.cells[column] = value
        scenes = {INPUT: Scene(columns, dict.fromkeys(columns, INPUT), {INPUT})}
        for node in self.graph.nodes:
            before = [scenes[name] for name in node.after]
            scene = self.meet(before) if node.verb == "concat" else self.step(node, before[0].copy())
            scene.passed.add(node.name)
            scenes[node.name] = scene
        return self.result(scenes[self.graph.last])

    def result(self, scene: Scene) -> Outcome:
        if self.root in scene.failed:
            return Outcome(None, self.failures, is_failed=True)
        if not self.graph.outputs:
            return Outcome(None, self.failures, is_failed=False)
        outputs = [scene.read(name) for name in self.graph.outputs]
        level = deepest(outputs)
        rows = []
        for row, is_ghost in self.rows(self.root, level, scene):
            try:
                values = None if is_ghost else tuple(output.of(row) for output in outputs)
            except Exception as error:
                self.failures.append(("output", error))
                if row is self.root:
                    return Outcome(None, self.failures, is_failed=True)
                values = None
                if not self.has_ghosts:
                    continue
            rows.append(values[0] if values is not None and len(outputs) == 1 else values)
        is_single = level == () and not scene.has_root_filter
        return Outcome(rows[0] if is_single else rows, self.failures, is_failed=False)

    def rows(self, row: Row, level: Level, scene: Scene) -> Iterator[tuple[Row, bool]]:
        """The rows of a level beneath ``row`` that the scene sees, in order, and whether each is a failure's place."""
        if row in scene.gone:
            return
        if row in scene.failed:
            if self.has_ghosts:
                yield row, True
        elif row.level == level:
            yield row, False
        else:
            for child in row.children.get(level[len(row.level)], ()):
                yield from self.rows(child, level, scene)

    def step(self, node: Node, scene: Scene) -> Scene:
        columns = [scene.read(name) for name in node.inputs]
        on = [scene.read(name) for name in node.on]
        if node.verb in ("map", "flat_map", "filter"):
            return self.row_by_row(node, scene, columns, on, deepest([*columns, *on]))
        stamps = [scene.read(name) for name in node.timestamp]
        sides = [Side(stamp, own_inputs(stamp, stamps, columns)) for stamp in stamps] or [Side(None, list(columns))]
        scope = scene.read(node.per).level if node.per else ()
        return self.group(node, scene, columns, sides, scope)

    def row_by_row(self, node: Node, scene: Scene, columns: list[Read], on: list[Read], level: Level) -> Scene:
        out_level = (*level, node.name) if node.verb == "flat_map" else level
        outputs = [Column(name, out_level) for name in node.outputs]
        if node.verb == "filter":  # a column that stays on its level is the same under another name
            outputs = [
                c if isinstance(c, Column) and c.level == level else o for c, o in zip(columns, outputs, strict=True)
            ]
        call = caller(node, scene.read(node.per).level if node.per else ())
        for row, is_ghost in list(self.rows(self.root, level, scene)):
            if is_ghost:
                continue
            made: list[tuple[Any, ...]] = []
            try:
                result = call(row, [read.of(row) for read in (on if node.verb == "filter" else columns)])
                if node.verb == "flat_map":
                    made.extend(unpacked(node, value) for value in result)
                kept = [column.of(row) for column in columns] if node.verb == "filter" and result else []
            except Exception as error:
                self.fail(node, row, scene, error, came=made)
                continue
            if node.verb == "map":
                row.cells.update(zip(outputs, unpacked(node, result), strict=True))
            elif node.verb == "flat_map":
                row.children[node.name] = self.children(node, row, outputs, made)
            elif result:
                row.cells.update(zip(outputs, kept, strict=True))
            else:
                scene.gone.add(row)
        for name, column in zip(node.outputs, outputs, strict=True):
            scene.write(name, column, node.name)
        scene.has_root_filter |= node.verb == "filter" and level == ()
        return scene

    def children(self, node: Node, row: Row, outputs: list[Column], made: list[tuple[Any, ...]]) -> list[Row]:
        if not made and node.keep_empty:
            made = [(None,) * len(outputs)]
        return [Row((*row.level, node.name), row, dict(zip(outputs, values, strict=True))) for values in made]

    def group(self, node: Node, scene: Scene, columns: list[Read], sides: list[Side], scope: Level) -> Scene:
        is_window = node.verb in ("window", "time_window")
        outputs = [Column(name, (*scope, node.name) if is_window else scope) for name in node.outputs]
        for scope_row, is_ghost in list(self.rows(self.root, scope, scene)):
            if is_ghost:
                continue
            members = [self.members(scope_row, side, scene) for side in sides]
            try:
                if is_window:
                    groups = self.windows(node, members, sides)
                    scope_row.children[node.name] = [
                        self.window(node, scene, scope_row, outputs, columns, sides, group) for group in groups
                    ]
                    continue
                lists = cells(members, columns, sides)
                if node.verb == "window_all":
                    made = [unpacked(node, function(node)(*lists))]
                else:
                    values = iter(lists[0]) if len(lists) == 1 else zip(*lists, strict=True)
                    made = [unpacked(node, function(node)(values))]
            except Unsettled:
                raise
            except Exception as error:
                self.fail(node, scope_row, scene, error)
                continue
            scope_row.cells.update(zip(outputs, made[0], strict=True))
        for side in sides:
            if side.level != scope and outputs:  # a step that makes nothing closes nothing
                close(scene, side.level[: len(scope) + 1])
        for name, column in zip(node.outputs, outputs, strict=True):
            scene.write(name, column, node.name)
        return scene

    def members(self, scope_row: Row, side: Side, scene: Scene) -> Members:
        """The rows of a side; a failed one is there with its place, if it lies on that level and has a time."""
        own = [(row, is_ghost) for row, is_ghost in self.rows(scope_row, side.level, scene) if row.level == side.level]
        return [(row, is_ghost) for row, is_ghost in own if not is_ghost or side.stamp is None or has_time(row, side)]

    def window(
        self,
        node: Node,
        scene: Scene,
        scope_row: Row,
        outputs: list[Column],
        columns: list[Read],
        sides: list[Side],
        group: list[Members],
    ) -> Row:
        """A window is a row of its own: when it fails, the scope's other windows go on."""
        row = Row((*scope_row.level, node.name), scope_row)
        try:
            made = function(node)(*cells(group, columns, sides))
            row.cells.update(zip(outputs, unpacked(node, made), strict=True))
        except Exception as error:
            self.fail(node, row, scene, error)
        return row

    def windows(self, node: Node, members: list[Members], sides: list[Side]) -> list[list[Members]]:
        """For each window, the rows of each side that lie in it."""
        assert node.size is not None
        assert node.step is not None
        if node.verb == "window":
            size, step = int(node.size), int(node.step)
            return [[members[0][start : start + size]] for start in range(0, len(members[0]), step)]
        times = [[side.stamp.of(row) for row, _ in own] for side, own in zip(sides, members, strict=True) if side.stamp]
        if any(later < earlier for own in times for earlier, later in itertools.pairwise(own)):
            raise ValueError("time runs backwards")
        if any(time < 0 for own in times for time in own):
            raise ValueError("a time below 0")
        latest = max((time for own in times for time in own), default=-1)
        windows = []
        for start in itertools.takewhile(lambda start: start <= latest, (k * node.step for k in itertools.count())):
            stop = start + node.size
            inside = [
                [member for member, time in zip(own, own_times, strict=True) if start <= time < stop]
                for own, own_times in zip(members, times, strict=True)
            ]
            if any(inside):
                windows.append(inside)
        return windows

    def fail(self, node: Node, row: Row, scene: Scene, error: Exception, came: Sequence[Any] = ()) -> None:
        if isinstance(error, Unsettled):
            raise error
        if came and row is not self.root:
            raise Unsettled("rows that came before the failure stand where nothing waits for all") from error
        scene.failed.add(row)
        self.failures.append((node.name, error))

    def meet(self, scenes: list[Scene]) -> Scene:
        met = Scene({})
        common = set.intersection(*(scene.passed for scene in scenes))
        for has_changed in (False, True):  # what a branch changed goes before what it left as it was
            for scene in scenes:
                names = [name for name, step in scene.writers.items() if (step not in common) is has_changed]
                met.columns |= {name: scene.columns[name] for name in names if name in scene.columns}
                met.writers |= {name: scene.writers[name] for name in names if name in scene.columns}
        for scene in scenes:
            met.passed |= scene.passed
            met.gone |= scene.gone
            met.failed |= scene.failed
            met.forgotten |= scene.forgotten
            met.has_root_filter |= scene.has_root_filter
        live = {column.level for column in met.columns.values()}
        if any(level[: len(row.level)] == row.level for row in met.forgotten - met.failed for level in live):
            raise Unsettled("a row failed in a branch that grouped it, and lives in another")
        if any(self.has_ghosts or row is self.root for row in met.gone & met.failed):
            raise Unsettled("a row was dropped in one branch and failed in another")
        return met


Members = list[tuple[Row, bool]]
"""Rows, and whether each is only a failure's place."""


@dataclass(frozen=True)
class Side:
    """One of the levels that a grouping step looks at, with its time and its columns."""

    stamp: Read | None
    columns: list[Read]

    @property
    def level(self) -> Level:
        return deepest([*self.columns, *([self.stamp] if self.stamp else [])])


def own_inputs(stamp: Read, stamps: list[Read], columns: list[Read]) -> list[Read]:
    """The input columns that go by one of several timestamps: those of its level, or of no other's path."""
    own = []
    for column in columns:
        same = [other for other in stamps if other.level == column.level]
        near = [other for other in stamps if other.level[:1] == column.level[:1]]
        if stamp in (same or near) or len(stamps) == 1:
            own.append(column)
    return own


def has_time(row: Row, side: Side) -> bool:
    """Whether a failed row got a time before it failed."""
    assert side.stamp is not None
    try:
        return side.stamp.of(row) is not None
    except (KeyError, AttributeError):
        return False


def deepest(columns: Sequence[Read]) -> Level:
    """The deepest level among columns that lie on one path."""
    level = max((column.level for column in columns), key=len, default=())
    assert all(level[: len(column.level)] == column.level for column in columns), "columns of two paths"
    return level


def close(scene: Scene, top: Level) -> None:
    """End all columns on ``top`` and beneath it: their rows have been grouped."""

    def is_inside(level: Level) -> bool:
        return level[: len(top)] == top

    scene.columns = {name: column for name, column in scene.columns.items() if not is_inside(column.level)}
    scene.forgotten |= {row for row in scene.failed if is_inside(row.level)}
    scene.failed -= scene.forgotten


def cells(members: list[Members], columns: list[Read], sides: list[Side]) -> list[list[Any]]:
    """One list of values for each column; a failed row is ``None`` in each."""
    return [
        [None if is_ghost else column.of(row) for row, is_ghost in own]
        for column in columns
        for side, own in zip(sides, members, strict=True)
        if column in side.columns
    ]


def unpacked(node: Node, result: Any) -> tuple[Any, ...]:
    """The values for a node's output columns."""
    if len(node.outputs) <= 1:
        return (result,) * len(node.outputs)
    if not isinstance(result, (tuple, list)) or len(result) != len(node.outputs):
        raise ValueError(f"{node.name}: {len(node.outputs)} columns want as many values, not {result!r}")
    return tuple(result)


def caller(node: Node, scope: Level) -> Callable[[Row, list[Any]], Any]:
    """How a node is called for a row: an operator with a state has one for each row of its scope."""
    if not isinstance(node.fn, OperatorSpec) or not node.fn.load().hints.stateful:
        return lambda row, values: function(node)(*values)
    operator = node.fn.create()
    states: dict[Row, Any] = {}

    def call(row: Row, values: list[Any]) -> Any:
        owner = row
        while owner.level != scope:
            assert owner.parent is not None
            owner = owner.parent
        state = states.setdefault(owner, operator.state())
        return operator.batch(*([value] for value in values), state=state)[0]

    return call


def function(node: Node) -> Callable[..., Any]:
    """What a node calls: a pipeline stands for the interpretation of its own graph."""
    graph = getattr(node.fn, "graph", None)
    if isinstance(graph, Graph):
        return lambda *values: run(graph, *values)
    assert node.fn is not None
    return node.fn

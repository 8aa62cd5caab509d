"""Levels: which row level every column lives on, and which graphs have no meaning.

`check` walks a graph once and resolves every column name to a *slot* (a column of one version: overwriting a name
makes a new slot) on a *level*. Everything after it works on slots and levels and never looks at names again.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from junco.errors import GraphError
from junco.graph.flow import Flow, Level, Side, Slot, Step, fault_of
from junco.graph.nodes import GROUPING, INPUT, Graph, Node
from junco.graph.scene import Scene, met
from junco.graph.shape import check_arguments, check_callable, check_nested, check_order
from junco.graph.written import placed
from junco.wording import on_one_screen

__all__ = ["Flow", "Level", "Side", "Slot", "Step", "check", "fault_of"]

MOST_LEVELS = 50
"""Levels beneath the input's rows: each is a table that every block of rows brings along."""


def check(graph: Graph, *, warns: bool = True) -> Flow:
    """Resolve a graph's columns and levels.

    Args:
        graph: what to check.
        warns: say what is odd about it; ``False`` for a graph whose author has been told.

    Raises:
        GraphError: an unknown or grouped column, levels that do not lie on one path, a cycle, a dangling step.
    """
    checker = _Checker(graph)
    flow = checker.run()
    for odd in checker.odd if warns else ():
        warnings.warn(odd, stacklevel=5)  # whoever called output()
    return flow


class _Checker:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.odd: list[str] = []
        """What has a meaning, but hardly the one that its author thinks of."""
        self.has_branches = any(node.verb == "concat" for node in graph.nodes)
        self.filters = frozenset(node.name for node in graph.nodes if node.verb == "filter")
        self.bits = {node.name: 1 << i for i, node in enumerate(graph.nodes)} | {INPUT: 0}
        self.root = Level(0)
        self.levels = [self.root]
        self.slots: list[Slot] = []
        self.steps: list[Step] = []

    def run(self) -> Flow:
        graph = self.graph
        check_order(graph)
        inputs = tuple(self._slot(name, self.root, INPUT) for name in graph.inputs)
        start = Scene()
        for slot in inputs:
            start.write(slot, self.bits[INPUT])
        last = self._walk({INPUT: start})
        with placed(graph.place_of("outputs")):
            outputs = tuple(last.find(name, "the output") for name in graph.outputs)
            out_level = self._deepest(outputs, "the output", self.root)
        self._note_unused(outputs)
        is_single = not outputs or (
            out_level is self.root and not any(last.masks.get(name) is self.root for name in self.filters)
        )
        return Flow(
            graph, tuple(self.levels), tuple(self.slots), inputs, tuple(self.steps), outputs, out_level, is_single
        )

    def _walk(self, scenes: dict[str, Scene]) -> Scene:
        """What is to be seen after the last step. A scene belongs to the one step that follows, or is forked."""
        followers = Counter(name for node in self.graph.nodes for name in node.after)
        for node in self.graph.nodes:
            before = [scenes[name] for name in node.after]
            with placed(node.written):
                if node.verb == "concat":
                    scene = self._meet(node, before)
                else:
                    scene = before[0].fork() if followers[node.after[0]] > 1 else before[0]
                    self._after(self._step(node, scene), scene)
            scene.passed |= self.bits[node.name]
            scenes[node.name] = scene
        return scenes[self.graph.last]

    def _slot(self, name: str, level: Level, made_by: str) -> Slot:
        slot = Slot(len(self.slots), name, level, made_by)
        self.slots.append(slot)
        return slot

    def _open(self, parent: Level, node: Node) -> Level:
        if parent.depth >= MOST_LEVELS:
            raise GraphError(f"{node} makes rows beneath {MOST_LEVELS} levels of rows: group some of them before")
        level = Level(len(self.levels), parent, node.name)
        self.levels.append(level)
        return level

    def _step(self, node: Node, scene: Scene) -> Step:
        check_arguments(node)
        check_callable(node)
        if node.callee is not None and (inner := node.callee.graph) is not None:
            check_nested(node, inner, lambda: _Checker(inner).run().is_single)
        where = str(node)
        reads = tuple(scene.find(name, where) for name in node.inputs)
        on = tuple(scene.find(name, where) for name in node.on)
        sides = self._sides(node, reads, [scene.find(name, where) for name in node.timestamp])
        level = sides[0].level if sides else self._deepest((*reads, *on), where, self.root)
        per = scene.find(node.per, where) if node.per else None
        scope = self._scope(node, per, [side.level for side in sides] or [level], reads)
        out_level = self._out_level(node, level, scope)
        for name in node.outputs:
            scene.check_new(name, where)
        writes = self._writes(node, reads, out_level)
        step = Step(node, level, out_level, reads, on, sides, per, scope, writes, self._masks(scene))
        self.steps.append(step)
        return step

    def _masks(self, scene: Scene) -> frozenset[str]:
        """What may have dropped rows that other steps still see; where nothing branches, they are gone at once."""
        return frozenset(scene.masks) if self.has_branches else frozenset()

    def _sides(self, node: Node, reads: Sequence[Slot], timestamps: Sequence[Slot]) -> tuple[Side, ...]:
        """The levels of a ``time_window``: each input lies on the level of its timestamp, or on the path of one."""
        if len(timestamps) < 2:
            return tuple(
                Side(
                    self._deepest((*reads, one), str(node), self.root, _a_timestamp_each([one])),
                    one,
                    tuple(range(len(reads))),
                )
                for one in timestamps
            )
        if twice := next((s for i, s in enumerate(timestamps) for t in timestamps[:i] if s.level is t.level), None):
            raise GraphError(f"{node} names a second timestamp, {twice.name!r}, for one level: name one for each level")
        owners = [self._timestamp_of(node, slot, timestamps) for slot in reads]
        sides = []
        for timestamp in timestamps:
            own = tuple(i for i, owner in enumerate(owners) if owner is timestamp)
            if not own:
                raise GraphError(
                    f"{node}: no input lies on the level of the timestamp {timestamp.name!r}: leave it out"
                )
            level = self._deepest((timestamp, *(reads[i] for i in own)), str(node), self.root)
            sides.append(Side(level, timestamp, own))
        return tuple(sides)

    def _timestamp_of(self, node: Node, slot: Slot, timestamps: Sequence[Slot]) -> Slot:
        own = [t for t in timestamps if t.level is slot.level] or [
            t for t in timestamps if t.level.is_above(slot.level) or slot.level.is_above(t.level)
        ]
        if not own:
            raise GraphError(
                f"{node}: the input {slot.name!r} has no timestamp on its level: {_a_timestamp_each(timestamps)}"
            )
        if len(own) > 1:
            names = ", ".join(repr(t.name) for t in own)
            raise GraphError(
                f"{node}: the input {slot.name!r} lies on the path of several timestamps ({names}): "
                "leave it out here, and read it in a step after"
            )
        return own[0]

    def _out_level(self, node: Node, level: Level, scope: Level) -> Level:
        if node.verb in ("window", "time_window"):
            return self._open(scope, node)
        if node.verb in GROUPING:
            return scope
        return self._open(level, node) if node.verb == "flat_map" else level

    def _writes(self, node: Node, reads: Sequence[Slot], out_level: Level) -> tuple[Slot, ...]:
        if node.verb != "filter":
            return tuple(self._slot(name, out_level, node.name) for name in node.outputs)
        return tuple(
            Slot(slot.index, name, slot.level, slot.made_by)  # the same column under the name it leaves with
            if slot.level is out_level and not slot.fields
            else self._slot(name, out_level, node.name)
            for slot, name in zip(reads, node.outputs, strict=True)
        )

    def _after(self, step: Step, scene: Scene) -> None:
        node = step.node
        if step.is_grouping and step.writes:  # one that makes nothing closes nothing
            scene.close(step)
        for slot in step.writes:
            scene.write(slot, self.bits[node.name])
        if node.verb == "filter":
            scene.masks[node.name] = step.level
        if self.has_branches:
            scene.masks[fault_of(node.name)] = step.fault_level

    def _meet(self, node: Node, scenes: Sequence[Scene]) -> Scene:
        earlier: dict[Level, Slot] = {}
        common = scenes[0].passed
        for scene in scenes:
            common &= scene.passed
        for scene in scenes:
            own: dict[Level, Slot] = {}
            for slot in scene.columns.values():
                if self.bits[slot.made_by] & ~common:
                    own.setdefault(slot.level, slot)
            self._check_branches(node, earlier.values(), own.values())
            earlier = own | earlier
        meeting = met(scenes)
        self._note_filters(node, scenes, meeting)
        return meeting

    def _check_branches(self, node: Node, ones: Iterable[Slot], others: Iterable[Slot]) -> None:
        for one in ones:
            for other in others:
                if not (one.level.is_above(other.level) or other.level.is_above(one.level)):
                    raise GraphError(_not_on_one_path(one, other, str(node)))

    def _deepest(self, slots: Iterable[Slot], where: str, floor: Level, cure: str = "") -> Level:
        deepest, named = floor, None
        for slot in slots:
            if deepest.is_above(slot.level):
                deepest, named = slot.level, slot
            elif not slot.level.is_above(deepest):
                assert named is not None
                raise GraphError(_not_on_one_path(named, slot, where, cure))
        return deepest

    def _scope(self, node: Node, per: Slot | None, levels: Sequence[Level], reads: Sequence[Slot]) -> Level:
        if per is None:
            return self.root
        if not all(per.level.is_above(level) for level in levels):
            raise GraphError(
                f"{node}: per={per.name!r} does not hold the rows of {', '.join(repr(s.name) for s in reads)}: "
                f"name a column that they came from"
            )
        return per.level

    def _note_filters(self, node: Node, scenes: Sequence[Scene], meeting: Scene) -> None:
        """Say that branches which filter one level differently leave only the rows that all of them keep."""
        live = {slot.level for slot in meeting.columns.values()}
        passed = [dict.fromkeys(name for name in scene.masks if name in self.filters) for scene in scenes]
        for i, scene in enumerate(scenes):
            for j, other in enumerate(scenes[:i]):
                for mine, theirs in _different(passed[j], passed[i]):
                    level = scene.masks[theirs]
                    if other.masks[mine] is level and any(level.is_above(deeper) for deeper in live):
                        self._note(
                            node,
                            f"{node}: the branches that meet filter the same rows differently, in step {mine!r} and "
                            f"in step {theirs!r}: only rows that both keep are left. Filter before the fork, or group "
                            "the rows in one of the branches",
                        )
                        return  # one pair says it of them all

    def _note_unused(self, outputs: Sequence[Slot]) -> None:
        used = {slot.index for slot in outputs}
        used.update(slot.index for step in self.steps for slot in step.looks_at)
        for step in self.steps:
            if step.node.verb != "filter" and step.writes and not any(slot.index in used for slot in step.writes):
                names = ", ".join(repr(slot.name) for slot in step.writes)
                self._note(
                    step.node,
                    f"{step.node} makes {names}, which nothing uses; "
                    "if the step is there for what it does, give it () as output",
                )

    def _note(self, node: Node, odd: str) -> None:
        self.odd.append(on_one_screen(node.written.said(odd) if node.written is not None else odd))


def _a_timestamp_each(given: Sequence[Slot]) -> str:
    names = ", ".join(repr(slot.name) for slot in given)
    were = "was" if len(given) == 1 else "were"
    return f"name a timestamp for each level, timestamp=('…', '…'): only {names} {were} given"


def _different(one: Mapping[str, None], other: Mapping[str, None]) -> Iterable[tuple[str, str]]:
    """Pairs of filters that only the one and only the other branch has passed."""
    theirs = [name for name in other if name not in one]
    return [(a, b) for a in one if a not in other for b in theirs] if theirs else []


def _not_on_one_path(one: Slot, other: Slot, where: str, cure: str = "") -> str:
    cure = cure or f"group one of them first, for instance .window_all({other.name!r}, …)"
    return (
        f"{where} uses {one.name!r} (rows made by {one.level.opened_by!r}) together with {other.name!r} "
        f"(rows made by {other.level.opened_by!r}), which have no common rows: {cure}"
    )

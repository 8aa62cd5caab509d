"""Pipelines in pipelines at no cost: the steps of an inner pipeline take the place of the step that calls it.

That is possible where the inner pipeline makes one row of one: nothing but ``map``. Its columns get names of their own
(``outer/inner``), and so do its steps, which is how failures call them. What cannot be spliced stays a step, and is
called by the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from junco.graph.levels import Flow, Slot, Step, check
from junco.graph.nesting import bare_graph
from junco.graph.nodes import INPUT, Graph, Node


def spliced(graph: Graph) -> Graph:
    """The graph with the pipelines in it laid out flat, as far as that changes nothing but the names of steps.

    Args:
        graph: with all parameters bound and all operators loaded.
    """
    if not any(bare_graph(node) is not None for node in graph.nodes):
        return graph
    steps = {step.node.name: step for step in check(graph, warns=False).steps}
    names = _Names(graph)
    nodes: list[Node] = []
    last = {INPUT: INPUT}
    for node in graph.nodes:
        following = replace(node, after=tuple(last[name] for name in node.after))
        made = [following]
        if (inner := bare_graph(node)) is not None:
            flow = check(spliced(inner), warns=False)
            if _fits(flow, steps[node.name]):
                made = _Splice(following, steps[node.name], flow, names).nodes()
        nodes += made
        last[node.name] = made[-1].name
    return replace(graph, nodes=tuple(nodes), main="")


def itself(value: Any) -> Any:
    """The value: what a ``flat_map`` or a ``filter`` does with the result of a pipeline that was spliced before it."""
    return value


def _fits(inner: Flow, step: Step) -> bool:
    """Whether a pipeline's steps can stand in the place of the step that calls it."""
    if inner.graph.space:
        return False  # the name is said of its output, which has to be one
    node, outputs, inputs = step.node, inner.outputs, {slot.index for slot in inner.inputs}
    if any(node.verb not in ("map", "concat") for node in inner.graph.nodes) or len(inputs) != len(
        step.on or step.reads
    ):
        return False
    wanted = len(node.outputs) if node.verb == "map" and node.outputs else len(outputs) if node.verb == "map" else 1
    if len(outputs) != wanted or node.verb not in ("map", "filter", "flat_map"):
        return False
    if any(slot.index in inputs or slot.fields for slot in outputs):
        return False  # a value would have to be copied into another column
    return _is_on_one_level(inner, step) and not _overwrites_early(inner, node)


def _is_on_one_level(inner: Flow, step: Step) -> bool:
    """Whether each inner step works on the rows of the outer one: not fewer, and on none that has no rows beneath."""
    given = step.on or step.reads
    deep = {slot.index for slot, outer in zip(inner.inputs, given, strict=True) if outer.level is step.level}
    for each in inner.steps:
        if not any(slot.index in deep for slot in each.reads):
            return False
        deep.update(slot.index for slot in each.writes)
    return bool(inner.steps)


def _overwrites_early(inner: Flow, node: Node) -> bool:
    """Whether an output would replace a column that a later inner step still reads."""
    if node.verb != "map":
        return False
    named = dict(zip((slot.index for slot in inner.outputs), node.outputs, strict=False))
    given = dict(zip((slot.index for slot in inner.inputs), node.inputs, strict=True))
    gone: set[str] = set()
    for step in inner.steps:
        read = [given.get(slot.index, "") for slot in step.looks_at]
        if any(name == each or name.startswith(f"{each}.") for name in read for each in gone):
            return True
        gone.update(named[slot.index] for slot in step.writes if slot.index in named)
    return False


class _Names:
    """Names for steps and columns that nothing else has."""

    def __init__(self, graph: Graph) -> None:
        self.taken = {node.name for node in graph.nodes} | set(graph.inputs) | {INPUT}
        self.taken.update(column for node in graph.nodes for column in node.outputs)

    def new(self, outer: str, inner: str) -> str:
        """``outer/inner``, with a number where that is taken."""
        name = base = f"{outer}/{inner}"
        number = 1
        while name in self.taken:
            number += 1
            name = f"{base}-{number}"
        self.taken.add(name)
        return name


class _Splice:
    """The steps of one inner pipeline in the place of the step that calls it."""

    def __init__(self, node: Node, step: Step, inner: Flow, names: _Names) -> None:
        self.node, self.step, self.inner, self.names = node, step, inner, names
        given = node.on if node.verb == "filter" else node.inputs
        self.columns = dict(zip((slot.index for slot in inner.inputs), given, strict=True))
        if node.verb == "map":
            self.columns.update(zip((slot.index for slot in inner.outputs), node.outputs, strict=False))

    def nodes(self) -> list[Node]:
        """The inner steps, and what is left of the outer one: the test of a filter, the rows of a ``flat_map``."""
        made = list(self._inner_nodes())
        if self.node.verb == "map":
            return made
        result = self._column(self.inner.outputs[0])
        after = (made[-1].name,)
        if self.node.verb == "filter":
            return [*made, replace(self.node, on=(result,), fn=bool, after=after)]
        return [*made, replace(self.node, inputs=(result,), fn=itself, after=after)]

    def _inner_nodes(self) -> Iterator[Node]:
        steps = {step.node.name: step for step in self.inner.steps}
        names = {INPUT: self.node.after[0]}
        for node in self.inner.graph.nodes:
            names[node.name] = self.names.new(self.node.name, node.name)
            after = tuple(names[name] for name in node.after)
            if node.name in steps:
                node = self._placed(node, steps[node.name])
            yield replace(node, name=names[node.name], after=after)

    def _placed(self, node: Node, step: Step) -> Node:
        return replace(
            node,
            inputs=self._read(step.reads),
            outputs=tuple(self._column(slot) for slot in step.writes),
            per=self._scope(step),
            backend=node.backend or self.node.backend,
        )

    def _scope(self, step: Step) -> str | None:
        """Whose rows share a state: those of the inner pipeline's input, which is a row of the outer step's level."""
        if step.per is not None:
            return self._read([step.per])[0]
        callee = step.node.callee
        has_state = callee is not None and callee.is_stateful
        if not has_state or self.step.level.parent is None:
            return None
        given = zip(self.node.on or self.node.inputs, self.step.on or self.step.reads, strict=True)
        return next(name for name, slot in given if slot.level is self.step.level)

    def _read(self, slots: Sequence[Slot]) -> tuple[str, ...]:
        return tuple(".".join((self._column(slot), *slot.fields)) for slot in slots)

    def _column(self, slot: Slot) -> str:
        if slot.index not in self.columns:
            self.columns[slot.index] = self.names.new(self.node.name, slot.name)
        return self.columns[slot.index]

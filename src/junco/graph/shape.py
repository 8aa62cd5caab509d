"""What a graph needs apart from its columns' levels: steps in order, arguments that can be, callables that fit."""

from __future__ import annotations

from collections.abc import Callable

from junco.errors import GraphError
from junco.graph.nodes import GROUPING, INPUT, MOST_ROWS, MOST_STEPS, Graph, Node, repeated
from junco.graph.written import placed
from junco.wording import did_you_mean, nearest, picture

MOST_WINDOWS = 1_000_000
"""Windows that a row may lie in."""
MOST_STEPS_IN_BRANCHES = 1_000
"""Where branches meet each step knows of all before it whose rows another branch may still see."""


def check_order(graph: Graph) -> None:
    """Every step follows steps that exist and come before it; every step but the last is followed.

    Raises:
        GraphError: naming the step.
    """
    with placed(graph.place_of("steps")):
        _check_count(graph)
    known = {INPUT, *(node.name for node in graph.nodes)}
    seen = {INPUT}
    for node in graph.nodes:
        with placed(node.written):
            _check_after(node, known, seen)
        seen.add(node.name)
    followed = {name for node in graph.nodes for name in node.after} | {graph.last}
    for node in graph.nodes:
        if node.name not in followed:
            with placed(node.written):
                raise GraphError(f"{node} leads nowhere: let a later step follow it, or concat it")


def _check_count(graph: Graph) -> None:
    count = len(graph.nodes)
    if count > MOST_STEPS:
        raise GraphError(f"a pipeline has at most {MOST_STEPS:,} steps, and this one has {count:,}")
    if count > MOST_STEPS_IN_BRANCHES and any(node.verb == "concat" for node in graph.nodes):
        raise GraphError(
            f"a pipeline whose branches meet has at most {MOST_STEPS_IN_BRANCHES:,} steps, and this one has "
            f"{count:,}: give some of them to a pipeline of their own"
        )


def _check_after(node: Node, known: set[str], seen: set[str]) -> None:
    for name in node.after:
        if name not in known:
            near = did_you_mean(nearest(name, known, 1))
            raise GraphError(f"{node} follows {name!r}, and there is no such step.{near}")
        if name not in seen:
            raise GraphError(f"{node} follows {name!r}, which comes after it: the steps run in a cycle")


def check_arguments(node: Node) -> None:
    """A node's own arguments.

    Raises:
        GraphError: naming the step and the argument.
    """
    if not node.inputs:
        raise GraphError(f"{node} has no input column")
    if (twice := repeated(node.outputs)) is not None:
        raise GraphError(f"{node} names the output column {twice!r} twice")
    if node.verb == "filter" and len(node.inputs) != len(node.outputs):
        raise GraphError(f"{node} keeps {len(node.inputs)} columns under {len(node.outputs)} names: name each once")
    if node.verb == "filter" and not node.on:
        raise GraphError(f"{node} has no column to decide on: say on='column'")
    if node.verb in ("window", "time_window"):
        _check_size(node)
    if node.verb == "time_window" and not node.timestamp:
        raise GraphError(f"{node} has no timestamp column")


def _check_size(node: Node) -> None:
    for what, value in (("size", node.size), ("step", node.step)):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= MOST_ROWS:
            raise GraphError(f"{node}: {what} must be a number above 0, at most {MOST_ROWS:,}, not {picture(value)}")
        if node.verb == "window" and not isinstance(value, int):
            raise GraphError(f"{node}: {what} counts rows, so it must be a whole number, not {picture(value)}")

    assert node.size is not None
    assert node.step is not None
    if node.size > MOST_WINDOWS * node.step:
        raise GraphError(
            f"{node}: with size {node.size!r} and step {node.step!r} each row would lie in more than "
            f"{MOST_WINDOWS:,} windows: make step larger"
        )


def check_callable(node: Node) -> None:
    """What a step's callable is by its kind. Operators are asked for their ports where these are checked.

    A function that yields under ``map`` is found out when it gives its iterator: what it says of itself may be a lie.

    Raises:
        GraphError: ``per`` for what has no state.
    """
    callee = node.callee
    if callee is None or callee.is_operator:
        return
    if node.per is not None and node.verb not in GROUPING:
        raise GraphError(f"{node}: {callee.name!r} has no state, so per={node.per!r} says nothing: leave it out")


def check_nested(node: Node, graph: Graph, is_single: Callable[[], bool]) -> None:
    """Whether a pipeline that stands in a step takes as many columns as it is given, and gives as many as are named.

    Args:
        node: the step.
        graph: of the pipeline.
        is_single: tells whether it gives one row for an item; asked only where that matters.

    Raises:
        GraphError: with the step and both counts.
    """
    given = 1 if node.verb == "reduce" else len(node.on or node.inputs)
    if len(graph.inputs) != given:
        raise GraphError(
            f"{node}: the pipeline takes {_counted(graph.inputs, 'input')}, and the step gives it {given}: "
            "give it a column for each"
        )
    made, wanted = _counted(graph.outputs, "output"), len(node.outputs)
    if node.verb == "filter" and len(graph.outputs) != 1:
        raise GraphError(f"{node}: the pipeline gives {made}, and a filter wants 1: whether to keep the row")
    if node.verb == "flat_map" and not graph.outputs:
        raise GraphError(f"{node}: the pipeline gives {made}, and so no rows: use map")
    if node.verb == "filter" or wanted < 2:
        return
    is_one_row = is_single()
    is_fitting = is_one_row is not (node.verb == "flat_map")
    if len(graph.outputs) == 1 and (is_fitting or node.verb == "flat_map"):
        return  # its values may be tuples of that length
    if len(graph.outputs) != wanted:
        raise GraphError(f"{node}: the pipeline gives {made}, and the step names {wanted} outputs")
    if not is_fitting:
        shape, cure = ("one row", "map") if is_one_row else ("a list of rows", "flat_map, or name one output")
        raise GraphError(f"{node}: the pipeline gives {made} in {shape}, and the step names {wanted}: use {cure}")


def _counted(columns: tuple[str, ...], what: str) -> str:
    listed = f" ({', '.join(columns)})" if columns else ""
    return f"{len(columns)} {what}{'' if len(columns) == 1 else 's'}{listed}"

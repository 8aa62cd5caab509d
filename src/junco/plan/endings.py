"""Which rows need not all be made: those that only reductions take, which may return before they have seen them all.

``any`` over an endless stream is over with the first row that is true. Then whoever makes the rows has to hear of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from junco.graph.levels import Flow, Level, Step


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody takes the rows of a level, within each row of a scope.

    Attributes:
        scope: ``None`` is no scope: the rows are wanted for what is done with them.
        reduction: the name of the ``reduce`` that may want no more of them; empty: whoever it is takes all.
    """

    scope: Level | None
    reduction: str = ""


Endings = dict[Level, tuple[Taker, ...]]
"""For a level the reductions that together end its rows: once none of them wants more, nobody does."""


def endings_of(flow: Flow) -> Endings:
    """The levels of a flow whose rows may be ended early."""
    if not any(step.node.verb == "reduce" for step in flow.steps):
        return {}
    takers: defaultdict[Level, set[Taker]] = defaultdict(set)
    takers[flow.out_level].add(Taker(None))
    for step in flow.steps:
        _note(step, takers)
    windows = {step.out_level: step for step in flow.steps if step.is_grouping and step.opens_level}
    endings: Endings = {}
    for level in reversed(flow.levels):  # what is beneath a level was opened after it
        here = {taker for taker in takers[level] if taker.scope is None or taker.scope.index < level.index}
        if here and all(taker.reduction for taker in here):
            endings[level] = tuple(here)
        if (window := windows.get(level)) is not None:
            for side in window.levels:
                takers[side].update(endings.get(level, (Taker(window.scope),)))
        if level.parent is not None:
            takers[level.parent].update(here)
    return endings


def _note(step: Step, takers: defaultdict[Level, set[Taker]]) -> None:
    """Note whether a step takes all rows of its levels; of rows that it only passes on, others say so."""
    is_reduction = step.node.verb == "reduce"
    if not step.writes:
        takers[step.scope if is_reduction else step.level].add(Taker(None))
    if is_reduction:
        takers[step.level].add(Taker(step.scope, step.node.name))
    elif step.node.verb == "window_all":
        takers[step.level].add(Taker(step.scope))

"""Windows over several levels, without holding them whole: each level is made by itself, as far as the windows ask.

A ``time_window`` over frames and sound needs the rows of both at one time. Where the steps that make a level from the
scope's row serve nothing but the windows, they become a `Supply`: a program of its own, run for one scope row at a time
and drawn from by whichever level is behind. Elsewhere the scope is made whole first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from junco.graph.levels import Flow, Level, Side, Slot, Step


@dataclass(frozen=True, slots=True)
class Supply:
    """The steps that make one side of joined windows from a scope's row.

    Attributes:
        side: the level, its timestamp, and which of the window's inputs lie there.
        steps: in their order.
        inputs: what they read of the scope's row and of those above it.
    """

    side: Side
    steps: tuple[Step, ...]
    inputs: tuple[Slot, ...]

    def outputs(self, window: Step) -> tuple[Slot, ...]:
        """The columns that the windows take of it, and the timestamp at the end."""
        return (*(window.reads[i] for i in self.side.inputs), self.side.timestamp)

    @property
    def scope_names(self) -> frozenset[str]:
        """The steps whose failure is that of the scope's row."""
        return frozenset(step.node.name for step in self.steps if step.level.depth < self.side_top.depth)

    @property
    def side_top(self) -> Level:
        """The level that the first of the steps opens."""
        return self.steps[0].out_level

    def flow(self, whole: Flow, window: Step) -> Flow:
        """The steps as a flow of their own."""
        slots = {slot.index: _column(slot) for slot in self.outputs(window)}
        levels = (*window.scope.path, *(step.out_level for step in self.steps))
        return Flow(
            whole.graph, levels, whole.slots, self.inputs, self.steps, tuple(slots.values()), self.side.level, False
        )


def supplies_of(flow: Flow, window: Step) -> tuple[Supply, ...]:
    """One supply for each side of a window over several levels; none where a level serves others too."""
    if len(window.sides) < 2 or any(node.verb == "concat" for node in flow.graph.nodes):
        return ()
    supplies = [_supply(flow, window, side) for side in window.sides]
    tops = [side.level.path[window.scope.depth + 1] for side in window.sides if side.level is not window.scope]
    if len(set(tops)) < len(window.sides):  # one side lies beneath the other
        return ()
    return tuple(supply for supply in supplies if supply is not None) if all(supplies) else ()


def _supply(flow: Flow, window: Step, side: Side) -> Supply | None:
    scope = window.scope
    if side.level is scope:
        return None
    top = side.level.path[scope.depth + 1]
    steps = [step for step in flow.steps if step is not window and _touches(step, top)]
    if not steps or any(not top.is_above(step.out_level) or not _is_within(step, scope, top) for step in steps):
        return None
    made = {slot.index for step in steps for slot in step.writes}
    read = [slot for step in steps for slot in step.looks_at] + [window.reads[i] for i in side.inputs]
    given = {slot.index: _column(slot) for slot in read if slot.index not in made}
    if not all(slot.level.is_above(scope) for slot in given.values()) or _is_used_after(flow, window, steps, made):
        return None
    return Supply(side, tuple(steps), tuple(given.values()))


def _touches(step: Step, top: Level) -> bool:
    return any(top.is_above(level) for level in (*step.levels, step.out_level))


def _is_within(step: Step, scope: Level, top: Level) -> bool:
    """Whether a step works on rows of the scope's row alone, its state too."""
    callee = step.node.callee
    has_state = callee is not None and callee.is_stateful
    is_own_state = not has_state or step.is_grouping or scope.is_above(step.scope)
    is_own_group = not step.is_grouping or scope.is_above(step.scope)
    return is_own_state and is_own_group and all(level is scope or top.is_above(level) for level in step.levels)


def _is_used_after(flow: Flow, window: Step, steps: Sequence[Step], made: set[int]) -> bool:
    others = [step for step in flow.steps if step is not window and step not in steps]
    used = {slot.index for step in others for slot in step.looks_at} | {slot.index for slot in flow.outputs}
    before = flow.steps[: flow.steps.index(window)]
    return bool(made & used) or any(step not in before for step in steps)


def _column(slot: Slot) -> Slot:
    """A slot's column, without the field."""
    return Slot(slot.index, slot.column, slot.level, slot.made_by)

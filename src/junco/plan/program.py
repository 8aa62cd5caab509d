"""Flow → program: one sequence of instructions that a block of rows goes through.

A graph may branch; a program does not. That works because all columns live in one set of tables, one table a level,
and the steps only ever add a column, open a level or drop rows. What has to be decided is the order.

Rows of a level are *whole* until a ``flat_map`` or windows beneath them are streamed: then a row may be spread over
several blocks (its children come in pieces), and its level is *split*. Steps work on levels whose rows are whole;
grouping steps also see through split scopes, and their results are there once the scope is whole again. `Settle` makes
a level whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from junco.graph.levels import Flow, Level, Slot, Step, fault_of
from junco.plan.endings import Taker, endings_of
from junco.plan.joins import Supply, supplies_of


@dataclass(frozen=True, slots=True)
class Operation:
    """Run a step. ``selects`` are the masks whose rows are still in the tables and must be passed over."""

    step: Step
    selects: tuple[Mask, ...] = ()
    may_split: bool = False
    """Whether a ``flat_map`` may spread its rows, or windows those of their scope, over several blocks."""
    fault: Mask | None = None
    """Where to note failed rows, because another branch still sees them; ``None``: they go at once."""
    is_joined: bool = False
    """Whether a `Join` has made its windows, so that its callable works on them row by row."""
    ended_by: tuple[Taker, ...] = ()
    """The reductions that the rows which it makes are for, if they are for nothing else."""
    wanted_by: tuple[Taker, ...] = ()
    """The same of the rows that it works on."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What a filter decided, or which rows of a step failed, for rows of one level."""

    name: str
    level: Level
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove the rows that a mask does not keep, with everything beneath them."""

    mask: Mask


@dataclass(frozen=True, slots=True)
class Forget:
    """Let go of levels and slots that nothing later looks at."""

    levels: tuple[Level, ...]
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """Make the rows of a level whole: hold back a row until all of its children have come."""

    level: Level


@dataclass(frozen=True, slots=True)
class Read:
    """Read the fields that leave, for the rows of a level."""

    slots: tuple[Slot, ...]
    level: Level


@dataclass(frozen=True, slots=True)
class Join:
    """Draw the rows of several levels in the order of their time, and put them into windows.

    Attributes:
        step: of a scope's row it makes windows; each holds a list for each input of the ``time_window``.
        window: the ``time_window``.
        supplies: what makes each level, with its program.
        may_split, ended_by: as of an `Operation`.
    """

    step: Step
    window: Step
    supplies: tuple[tuple[Supply, tuple[Instruction, ...]], ...]
    may_split: bool
    ended_by: tuple[Taker, ...]


Instruction = Operation | Drop | Forget | Settle | Read | Join


def compile_flow(flow: Flow, *, joins: bool = True) -> tuple[Instruction, ...]:
    """Order the steps of a checked graph and put the instructions between them that they need.

    Args:
        flow: the checked graph.
        joins: whether windows over several levels are fed by a program for each; else the levels are made whole.
    """
    return tuple(_Compiler(flow, flow.levels[:1], joins=joins).run())


def operations_of(program: Iterable[Instruction]) -> list[Operation]:
    """The steps of a program in the order in which they run."""
    found: list[Operation] = []
    for instruction in program:
        if isinstance(instruction, Operation):
            found.append(instruction)
        elif isinstance(instruction, Join):
            for _, inner in instruction.supplies:
                found += operations_of(inner)
    return found


class _Compiler:
    def __init__(self, flow: Flow, levels: Sequence[Level], *, joins: bool = True) -> None:
        self.flow = flow
        self.joins = {id(step): supplies for step in flow.steps if joins and (supplies := supplies_of(flow, step))}
        fed = {id(step) for supplies in self.joins.values() for supply in supplies for step in supply.steps}
        self.remaining: list[Step] = [step for step in flow.steps if id(step) not in fed]
        self.made: set[int] = {slot.index for slot in flow.inputs}
        self.split: set[Level] = set()
        self.pending: set[int] = set()
        self.masks: list[Mask] = []
        self.levels: list[Level] = list(levels)
        self.live: dict[int, Slot] = {slot.index: slot for slot in flow.inputs}
        self.makers = {step.node.name: step for step in flow.steps}
        self.makers |= {fault_of(step.node.name): step for step in flow.steps}
        self.endings = endings_of(flow)
        self.has_branches = any(node.verb == "concat" for node in flow.graph.nodes)
        self.program: list[Instruction] = []
        self.uses: Counter[int] = Counter()
        """Steps that still look at a slot, and the output."""
        self.level_uses: Counter[Level] = Counter()
        self.joined: Step | None = None
        """The windows that the last `Join` has made."""

    def _count(self, step: Step, by: int) -> None:
        """Note a step that still looks at slots and levels, or one that no longer does."""
        for slot in step.looks_at:
            self.uses[slot.index] += by
        for level in (*step.levels, step.scope):
            self.level_uses[level] += by

    def run(self) -> list[Instruction]:
        self.uses.update(slot.index for slot in self.flow.outputs)
        for waiting in self.remaining:
            self._count(self._seen(waiting), 1)
        self._forget()
        while self.remaining:
            step = self._choose(self._runnable())
            if step is not None:
                self._emit(step)
            else:
                blockers = [b for b in map(self._blocker, self._ready()) if b is not None]
                self._settle(max(blockers, key=lambda level: level.depth))
        while (level := self._unfinished(self.flow.out_level, self.flow.outputs)) is not None:
            self._settle(level)
        self._read()
        return self.program

    def _read(self) -> None:
        """Read the fields that leave, and let go of the columns that are there for these alone."""
        fields = tuple(slot for slot in self.flow.outputs if slot.fields)
        if fields:
            self.program.append(Read(fields, self.flow.out_level))
            whole = {slot.index for slot in self.flow.outputs if not slot.fields}
            self.program.append(Forget((), tuple({s.index: s for s in fields if s.index not in whole}.values())))

    def _ready(self) -> Iterator[Step]:
        """The steps whose columns and rows are there, in their order, found one by one: the first is mostly taken."""
        if not self.has_branches:
            return iter(self.remaining[:1])
        waiting = {id(other) for other in self.remaining}
        return (step for step in self.remaining if self._is_ready(step, waiting))

    def _runnable(self) -> Iterator[Step]:
        return (step for step in self._ready() if self._blocker(step) is None)

    def _is_ready(self, step: Step, waiting: Set[int]) -> bool:
        """Whether its columns are made, and the steps that thin out its rows, by failures too, have run."""
        if not all(slot.index in self.made for slot in step.looks_at):
            return False
        makers = (self.makers[name] for name in step.masks)
        return not any(id(other) in waiting and _is_above_any(other.fault_level, step.levels) for other in makers)

    def _choose(self, runnable: Iterable[Step]) -> Step | None:
        """The first step that opens no level; else the one whose level ends first: what leaves comes last."""
        opening: list[Step] = []
        for step in runnable:
            if step.node.verb != "flat_map":
                return step
            opening.append(step)
        inner = (step for step in opening if not step.out_level.is_above(self.flow.out_level))
        return next(iter([*inner, *opening]), None)

    def _blocker(self, step: Step) -> Level | None:
        """The level that has to be settled before a step can run, if any."""
        step = self._seen(step)
        if step.scope in self.split and self._needs_whole_scope(step):
            return step.scope
        return next((b for level in step.levels if (b := self._unfinished(level, step.looks_at)) is not None), None)

    def _needs_whole_scope(self, step: Step) -> bool:
        """Whether a step cannot take a scope's rows as they come.

        Where several levels are put into windows; and where a ``window_all`` may fail, and takes rows along with its
        scope that later steps still look at.
        """
        is_passed = step.node.verb == "window_all" and not step.writes
        return len(step.sides) > 1 or (is_passed and step.scope is not step.level)

    def _unfinished(self, level: Level, slots: Iterable[Slot]) -> Level | None:
        """The level that has to be settled before rows of ``level`` can be worked on, if any."""
        if level in self.split:
            return level
        return next((slot.level for slot in slots if slot.index in self.pending), None)

    def _seen(self, step: Step) -> Step:
        """The step as the program sees it: of windows whose levels are fed, the one that makes them."""
        return self._joined(step) if id(step) in self.joins else step

    def _joined(self, window: Step) -> Step:
        """The step that makes windows of a scope's row, each a list for each input."""
        inputs = {slot.index: slot for supply in self.joins[id(window)] for slot in supply.inputs}
        lists = tuple(
            Slot(len(self.flow.slots) + i, slot.name, window.out_level, window.node.name)
            for i, slot in enumerate(window.reads)
        )
        return replace(window, level=window.scope, reads=tuple(inputs.values()), sides=(), writes=lists)

    def _join(self, window: Step) -> None:
        """Draw both levels as the windows ask for them; what the callable makes of each window is a map."""
        step = self._joined(window)
        supplies = tuple(
            (supply, tuple(_Compiler(supply.flow(self.flow, window), window.scope.path).run()))
            for supply in self.joins.pop(id(window))
        )
        may_split = all(level.is_above(step.level) for level in self.levels)
        self.program.append(Join(step, window, supplies, may_split, self.endings.get(window.out_level, ())))
        self.levels.append(window.out_level)
        self.live.update({slot.index: slot for slot in step.writes})
        if may_split:
            self.split.update(step.level.path)
        made = replace(window, level=window.out_level, reads=step.writes, sides=())
        self.remaining[self.remaining.index(window)] = self.joined = made
        self.made.update(slot.index for slot in step.writes)
        self._count(step, -1)
        self._count(made, 1)
        self._forget()

    def _emit(self, step: Step) -> None:
        if id(step) in self.joins:
            self._join(step)
            return
        self.remaining.remove(step)
        self._count(step, -1)
        selects = tuple(m for m in self.masks if m.name in step.masks and _is_above_any(m.level, step.levels))
        may_split = self._may_split(step)
        fault = Mask(fault_of(step.node.name), step.fault_level, is_fault=True)
        noted = fault if self._is_seen_without(fault) else None
        is_joined = step is self.joined
        ended_by = self.endings.get(step.out_level, ()) if step.opens_level and not is_joined else ()
        wanted_by = self.endings.get(step.level, ())
        self.program.append(Operation(step, selects, may_split, noted, is_joined, ended_by, wanted_by))
        for slot in step.writes:
            if slot.index not in self.made:
                self.made.add(slot.index)
                self.live[slot.index] = slot
            if step.is_grouping and step.scope in self.split and slot.level is step.scope:
                self.pending.add(slot.index)
        if step.out_level not in self.levels:
            self.levels.append(step.out_level)
        if may_split:
            self.split.update((step.scope if step.is_grouping else step.level).path)
        if step.node.verb == "filter":
            self.masks.append(Mask(step.node.name, step.level))
        if self._is_seen_without(fault):
            self.masks.append(fault)
        self._drop()
        self._forget()

    def _drop(self) -> None:
        """Drop masked rows as soon as every later step agrees that they are gone."""
        for mask in list(self.masks):
            if not self._is_seen_without(mask):
                self.masks.remove(mask)
                self.program.append(Drop(mask))

    def _is_seen_without(self, mask: Mask) -> bool:
        """Whether a later step still sees the rows that a mask drops."""
        if not self.has_branches:  # all later steps come after it
            return False
        return any(mask.name not in step.masks and _is_above_any(mask.level, step.levels) for step in self.remaining)

    def _may_split(self, step: Step) -> bool:
        """Whether a step may spread rows over several blocks: those that it makes lie beneath all others.

        Of windows also if others lie there, as long as nobody looks at these any more.
        """
        if step.node.verb in ("window", "time_window") and step is not self.joined:
            unused = self._unused_levels()
            return all(level.is_above(step.scope) for level in self.levels if level not in unused)
        return step.node.verb == "flat_map" and all(level.is_above(step.level) for level in self.levels)

    def _unused_levels(self) -> list[Level]:
        needed = [self.flow.out_level, *(mask.level for mask in self.masks), *(+self.level_uses)]
        return [level for level in self.levels if not any(level.is_above(other) for other in needed)]

    def _forget(self) -> None:
        unused = self._unused_levels()
        dead = tuple(s for s in self.live.values() if not self.uses[s.index] and s.level not in unused)
        self.live = {index: slot for index, slot in self.live.items() if self.uses[index]}
        self.levels = [level for level in self.levels if level not in unused]
        if unused or dead:
            self.program.append(Forget(tuple(unused), dead))

    def _settle(self, level: Level) -> None:
        self.program.append(Settle(level))
        settled = {other for other in self.split if level.is_above(other)}
        self.split -= settled
        whole = {slot.index for slot in self.live.values() if slot.level in settled}
        self.pending -= whole


def _is_above_any(level: Level, others: Iterable[Level]) -> bool:
    return any(level.is_above(other) for other in others)

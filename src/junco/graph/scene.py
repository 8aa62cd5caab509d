"""What is to be seen after a step: its live columns, those that a grouping closed, the filters on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from junco.errors import GraphError
from junco.graph.flow import Level, Slot, Step
from junco.wording import did_you_mean, nearest


@dataclass(slots=True)
class Scene:
    """What a step may look at. Each step changes its own; where several follow one step each gets a `fork`.

    Steps are bits of whole numbers, so that long graphs stay cheap: 1 for the first step, 2, 4 … ; 0 for the input.

    Attributes:
        columns: by name.
        writers: the step that wrote each.
        closed: columns whose rows were grouped, and by which step.
        masks: the filters (and where branches meet the failures) that may have dropped rows, with their level.
        passed: all steps that led here.
    """

    columns: dict[str, Slot] = field(default_factory=dict)
    writers: dict[str, int] = field(default_factory=dict)
    closed: dict[str, tuple[Slot, Step]] = field(default_factory=dict)
    masks: dict[str, Level] = field(default_factory=dict)
    passed: int = 0

    def fork(self) -> Scene:
        """The same, to be changed by itself."""
        return Scene(dict(self.columns), dict(self.writers), dict(self.closed), dict(self.masks), self.passed)

    def write(self, slot: Slot, writer: int) -> None:
        """Let a name stand for a slot. A filter that keeps a column under its own name changes nothing."""
        before = self.columns.get(slot.name)
        if before is None or before.index != slot.index:
            self.writers[slot.name] = writer
        self.columns[slot.name] = slot
        self.closed.pop(slot.name, None)

    def close(self, step: Step) -> None:
        """End the columns from inside a scope that was grouped."""
        tops = [level.path[step.scope.depth + 1] for level in step.levels if level is not step.scope]
        for name, slot in list(self.columns.items()):
            if any(top.is_above(slot.level) for top in tops):
                del self.columns[name]
                self.closed[name] = slot, step

    def find(self, name: str, where: str) -> Slot:
        """The column of that name, or the field of one: a column's own name goes first.

        Raises:
            GraphError: there is none, with the nearest; or its rows were grouped, with the cure.
        """
        if name in self.columns:
            return self.columns[name]
        if name in self.closed:
            raise GraphError(_closed(name, *self.closed[name], where))
        for column, fields in _splits(name):
            if column in self.columns:
                return _field(self.columns[column], name, fields, where)
            if column in self.closed:
                raise GraphError(_closed(name, *self.closed[column], where))
        raise GraphError(f"{where} uses the column {name!r}, which no earlier step made.{self._cure(name)}")

    def check_new(self, name: str, where: str) -> None:
        """Refuse to write a field of a column.

        Raises:
            GraphError: the name is that of a field.
        """
        if name in self.columns:
            return
        if (column := next((column for column, _ in _splits(name) if column in self.columns), None)) is not None:
            raise GraphError(
                f"{where} cannot write {name!r}, a field of the column {column!r}: name a column for its output"
            )

    def _cure(self, name: str) -> str:
        column, dot, rest = name.partition(".")
        near = nearest(name, self.columns, 1) or tuple(
            f"{like}{dot}{rest}" for like in nearest(column, self.columns, 1) if dot
        )
        return f"{did_you_mean(near)} There are: {', '.join(self.columns)}"


def met(scenes: Sequence[Scene]) -> Scene:
    """Where branches meet. Of two columns of one name the one that a branch changed wins, else the later branch's."""
    common = scenes[0].passed
    for scene in scenes:
        common &= scene.passed
    meeting = Scene()
    changed: set[str] = set()
    for scene in scenes:
        meeting.passed |= scene.passed
        meeting.masks |= scene.masks
        for name, slot in scene.columns.items():
            is_changed = bool(scene.writers[name] & ~common)
            if is_changed or name not in changed:
                meeting.columns[name], meeting.writers[name] = slot, scene.writers[name]
            if is_changed:
                changed.add(name)
    closed = {name: by for scene in scenes for name, by in scene.closed.items() if name not in meeting.columns}
    return replace(meeting, closed=closed)


def _splits(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every way to see a column and fields in a name, the longest column first."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:count]), tuple(parts[count:])


def _field(slot: Slot, name: str, fields: tuple[str, ...], where: str) -> Slot:
    for part in fields:
        if not part.isidentifier():
            raise GraphError(
                f"{where} uses {name!r}, and {part!r} is no name of a field of {slot.name!r}: "
                "fields are read by name, without calls and indices"
            )
        if part.startswith("_"):
            raise GraphError(f"{where} uses {name!r}, and {part!r} is private: only public fields are read")
    return Slot(slot.index, name, slot.level, slot.made_by, (*slot.fields, *fields))


def _closed(name: str, slot: Slot, step: Step, where: str) -> str:
    """What to say of a column from inside a scope that was grouped; the cure follows from where it lies."""
    by = repr(step.node.name)
    if name in step.node.inputs:
        made = ", ".join(repr(one) for one in step.node.outputs)
        cure = f"it is among the inputs of {by}: use what that made of it, {made}"
    elif any(slot.level is level for level in step.levels):
        cure = f"put {name!r} among the inputs of {by}"
    elif any(slot.level.is_above(level) for level in step.levels):
        cure = (
            f"it lies above the rows that were grouped, so say per={slot.column!r} in {by} (one group for each), "
            f"or group {name!r} in a branch of its own"
        )
    else:
        cure = f"group {name!r} in a step before {by}, for instance .window_all({name!r}, …)"
    return f"{where} uses the column {name!r}, whose rows were grouped by step {by}: {cure}"

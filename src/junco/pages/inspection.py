"""`Inspection`: what every step of a pipeline made of one item. Prints as text, shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import TargetError, UnknownNameError
from junco.pages.letters import amount
from junco.pages.spans import Span
from junco.pages.values import plain
from junco.wording import printable

Place = tuple[tuple[str, int], ...]
"""Where a row is: the name and number (from 0) of each row above it and of itself, ``(("frame", 3), ("box", 1))``."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenValue:
    """One value, as it was right after its step.

    Attributes:
        text: one line.
        type: of an array the type of its elements, else the name of its class.
        shape: of an array, of a frame's pixels, of a clip's samples; the length of a text or list; else ``None``.
        value: a copy, or the part of it that was kept.
        note: what was kept where that is not all.
    """

    text: str
    type: str
    shape: tuple[int, ...] | None
    value: Any = None
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON has it; numbers of vectors and short values in full."""
        shape = None if self.shape is None else list(self.shape)
        return {"text": self.text, "type": self.type, "shape": shape, "value": plain(self.value)}


@dataclass(frozen=True, slots=True, eq=False)
class SeenRow:
    """One row that a step made.

    Attributes:
        place: where it is; nothing on level 0.
        values: one for each of the step's columns.
        is_kept: what a filter decided.
        source: the picture that a box is in, the text that a chunk is of, the sound that a segment is heard in.
    """

    place: Place
    values: tuple[SeenValue, ...]
    is_kept: bool = True
    source: SeenValue | None = None

    @property
    def label(self) -> str:
        """``frame 3 › box 1``; nothing on level 0."""
        return label_of(self.place)


@dataclass(frozen=True, slots=True)
class SeenFailure:
    """A row that failed: where, why, and what the step was given."""

    place: Place
    reason: str
    given: str

    @property
    def label(self) -> str:
        """``frame 3 › box 1``; nothing on level 0."""
        return label_of(self.place)


@dataclass(frozen=True, slots=True)
class SeenStep:
    """What one step did.

    Attributes:
        name: of the step.
        verb: ``map``, ``filter`` …; ``input`` and ``output`` for what goes in and comes out.
        operator: what it calls.
        level: depth of the rows that it works on.
        out_level: depth of the rows that it makes.
        seconds: time that its rows took.
        num_in: rows that it was given.
        num_out: rows that it made or kept.
        columns: those that it made; of a filter those that it decided on.
        rows: the first of them.
        failures: the first rows that failed.
        num_failed: how many did.
        cut: why it was ended before its end; empty where it was not.
        spans: when each of its rows is, also of those that are not kept.
    """

    name: str
    verb: str
    operator: str
    level: int
    out_level: int
    seconds: float
    num_in: int
    num_out: int
    columns: tuple[str, ...]
    rows: tuple[SeenRow, ...]
    failures: tuple[SeenFailure, ...] = ()
    num_failed: int = 0
    cut: str = ""
    load_seconds: float = 0.0
    spans: tuple[Span, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        names = (
            "name",
            "verb",
            "operator",
            "level",
            "out_level",
            "seconds",
            "load_seconds",
            "num_in",
            "num_out",
            "num_failed",
            "cut",
        )
        rows = [
            {
                "row": row.label,
                "kept": row.is_kept,
                "values": {column: value.plain() for column, value in zip(self.columns, row.values, strict=True)},
            }
            for row in self.rows
        ]
        failures = [{"row": one.label, "reason": one.reason, "given": one.given} for one in self.failures]
        return {
            **{name: getattr(self, name) for name in names},
            "columns": list(self.columns),
            "rows": rows,
            "failures": failures,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Inspection:
    """What every step of a pipeline made of one item: ``print`` it, let a notebook show it, or `save` it as a page.

    Attributes:
        title: the pipeline's name.
        steps: in the order of the graph.
        inputs: what went in.
        outputs: what came out, as rows of the output columns.
        drawing: the pipeline's picture, SVG.
        load_seconds: what planning it and opening its operators took; next to nothing where that was done before.
    """

    title: str
    inputs: SeenStep
    steps: tuple[SeenStep, ...]
    outputs: SeenStep
    drawing: str = ""
    load_seconds: float = 0.0

    def __getitem__(self, name: str) -> SeenStep:
        """A step by its name.

        Raises:
            UnknownNameError: with the nearest names.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise UnknownNameError("step", name, [step.name for step in self.steps])

    @property
    def seconds(self) -> float:
        """The time that the rows of all steps took together."""
        return sum(step.seconds for step in self.steps)

    @property
    def failures(self) -> tuple[SeenFailure, ...]:
        """The first rows that failed in each step, and in the output."""
        return tuple(failure for step in (*self.steps, self.outputs) for failure in step.failures)

    @property
    def num_failed(self) -> int:
        """How many rows failed."""
        return sum(step.num_failed for step in (*self.steps, self.outputs))

    def text(self, rows: int = 5) -> str:
        """All steps as text, up to ``rows`` rows of each."""
        from junco.pages.inspection_text import text

        return text(self, rows)

    def html(self) -> str:
        """A page that stands alone: nothing is fetched when it is opened, nothing in it runs."""
        return pages_of([self])

    def save(self, path: str | Path) -> None:
        """Write the page to a file.

        Raises:
            TargetError: it cannot be written.
        """
        write_page(path, [self])

    def plain(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "pipeline": self.title,
            "load_seconds": self.load_seconds,
            "inputs": self.inputs.plain(),
            "steps": [step.plain() for step in self.steps],
            "outputs": self.outputs.plain(),
        }

    def __repr__(self) -> str:
        rows = f"{amount(len(self.steps), 'step')}, {amount(self.outputs.num_out, 'row')}"
        failed = f", {self.num_failed:,} failed" if self.num_failed else ""
        return printable(f"<inspection of {self.title or 'a pipeline'}: {rows}{failed}>")

    def _repr_html_(self) -> str:
        from junco.pages.inspection_page import body
        from junco.pages.style import fragment

        return fragment(body([self]))

    def __str__(self) -> str:
        return self.text()


def label_of(place: Place) -> str:
    """Where a row is, in words."""
    return " › ".join(f"{name} {number}" for name, number in place)


def pages_of(inspections: Sequence[Inspection]) -> str:
    """One page for several inspections of one pipeline."""
    from junco.pages.inspection_page import body
    from junco.pages.style import page

    title = inspections[0].title if inspections else ""
    return page(f"{title or 'pipeline'}, step by step", body(inspections))


def write_page(path: str | Path, inspections: Sequence[Inspection]) -> None:
    """Write the page of several inspections.

    Raises:
        TargetError: the file cannot be written.
    """
    try:
        Path(path).write_text(pages_of(inspections), encoding="utf-8", errors="replace")
    except OSError as error:
        raise TargetError(f"{path} cannot be written: {error.strerror}") from None

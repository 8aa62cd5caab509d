"""`TrainReport`: what came of a training run: in words, as a table, as JSON, as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from junco.errors import TargetError
from junco.evaluate.evaluation import Evaluation
from junco.metrics.interval import Estimate
from junco.neural.tuned import as_json
from junco.settings import user_path
from junco.train.history import History
from junco.tuning.advice import Circumstances, advice
from junco.tuning.held_out import HeldOut
from junco.tuning.shown import is_pictured
from junco.tuning.verdict import Readings, Verdict, verdict
from junco.wording import printable

_MOST_NUMBERS = 10_000
"""Steps whose loss a file holds one by one."""
_ENDINGS = (".html", ".json", ".txt")


def report_place(path: str | Path) -> Path:
    """Where a report is written.

    Raises:
        TargetError: another ending, or a folder that is not there.
    """
    place = user_path(path)
    if place.suffix.lower() not in _ENDINGS:
        raise TargetError(f"{path}: a report is written as {', '.join(_ENDINGS)}, by the ending of its name")
    if not place.parent.is_dir():
        raise TargetError(f"{path} cannot be written: there is no folder {place.parent}")
    return place


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TrainReport:
    """What came of a training run; printing it shows the verdict, before and after, and what to type next.

    Attributes:
        name, params: of the operator that was trained, as a step of a pipeline names it.
        scope: what was trained: ``head``, ``lora``, ``all``, or names of layers.
        goal: what vectors were trained for.
        args: the arguments, with what was settled where nothing was said.
        history: epoch by epoch.
        num_examples: that it was trained on.
        split: how data was split, as `Split.to_dict` says it.
        evaluation: of what was held out, before and after; ``None``: nothing was.
        held_out: the same items with their vectors, for the page.
        on_examples: the deciding measure of the examples themselves, afterwards; ``None``: nobody measured it.
        is_parent_kept: what was trained was no better, and the weights are those that were there before.
        told: how the data was read, a line each.
        rejects: why items were left out, by what they are called.
        folder: of the tuned operator; ``None``: it was not saved.
        machine: what it was trained on, in a line.
        operator: the tuned one.
        bridge: turns vectors of before into those of after; ``None``: see ``no_bridge``.
        no_bridge: why there is none.
        next_line: what to type next; ``None``: how it is loaded.
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    scope: str | tuple[str, ...] = "head"
    goal: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)
    num_examples: int = 0
    split: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    held_out: HeldOut | None = None
    on_examples: float | None = None
    is_parent_kept: bool = False
    told: tuple[str, ...] = ()
    rejects: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    machine: str = ""
    operator: Any = None
    bridge: Any = None
    no_bridge: str = ""
    next_line: str | None = None

    @cached_property
    def verdict(self) -> Verdict:
        """Better, not better, worse, over-fitted, too little data, nothing held out: in a word, sentences, advice."""
        found = verdict(self.readings)
        return replace(found, advice=advice(found.kind, self.readings, self._circumstances))

    @property
    def readings(self) -> Readings:
        """The numbers that the verdict is made of."""
        before, after, gain = self.compared()[self.measure] if self.evaluation else (None, None, None)
        return Readings(
            measure=self.measure,
            before=before,
            after=after,
            gain=gain,
            history=self.history,
            on_examples=self.on_examples,
            is_parent_kept=self.is_parent_kept or (gain is not None and self._is_first_best),
        )

    @property
    def measure(self) -> str:
        """The name of the measure that decides."""
        return self.evaluation.main if self.evaluation else self.history.metric

    @property
    def scope_words(self) -> str:
        """What was trained, in words."""
        return self.scope if isinstance(self.scope, str) else ", ".join(self.scope)

    def compared(self) -> dict[str, tuple[Estimate, Estimate, Estimate]]:
        """Of each measure what it was before, after, and the difference; empty where nothing was held out."""
        if self.evaluation is None:
            return {}
        before, after = self.evaluation.ways
        return {name: (each, after.estimates[name], after.gains[name]) for name, each in before.estimates.items()}

    @property
    def _is_first_best(self) -> bool:
        best = self.history.best if len(self.history.epochs) > 1 else None
        return best is not None and best.number == 0 and self.history.metric in best.measures

    @property
    def _circumstances(self) -> Circumstances:
        seen = self.held_out.labels if self.held_out else None
        scope, balance = self.scope_words, bool(self.args.get("balance", True))
        if seen is None:
            return Circumstances(scope=scope, balance=balance)
        counts = {str(label): count for label, count in seen.data.counts.items()}
        return Circumstances(
            scope=scope,
            balance=balance,
            counts=counts,
            confused=seen.confused,
            num_mistakes=len(seen.wrong),
            num_asked=len(seen.data),
            suspects=tuple(seen.name(row) for row in seen.suspects.tolist()),
            is_pictured=is_pictured(seen.data.items[0]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs: numbers that are none are ``None``."""
        found = self.verdict
        seen = self.held_out.labels if self.held_out else None
        history = self.history.to_dict()
        history["losses"] = history["losses"][:: 1 + len(history["losses"]) // _MOST_NUMBERS]
        plain = {
            "verdict": {"kind": found.kind, "sentences": list(found.sentences), "advice": list(found.advice)},
            "operator": {"name": self.name, "params": dict(self.params)},
            "scope": self.scope,
            "goal": self.goal,
            "args": dict(self.args),
            "examples": self.num_examples,
            "split": dict(self.split),
            "evaluation": self.evaluation.to_dict() if self.evaluation else None,
            "on_examples": self.on_examples,
            "is_parent_kept": self.readings.is_parent_kept,
            "mistakes": seen.to_dict() if seen else None,
            "history": history | {"best": self.history.best.number if self.history.epochs else None},
            "told": list(self.told),
            "rejects": dict(self.rejects),
            "folder": str(self.folder) if self.folder else None,
            "machine": self.machine,
            "bridge": {"is_there": self.bridge is not None, "why_not": self.no_bridge},
        }
        return dict(as_json(plain))

    def save(self, path: str | Path) -> None:
        """Write it: ``.html`` is a page that stands alone, ``.json`` numbers, ``.txt`` what is printed.

        Raises:
            TargetError: another ending, or the file cannot be written.
        """
        place = report_place(path)
        write = {".html": self._page, ".json": self._json, ".txt": self._text}[place.suffix.lower()]
        try:
            place.write_text(write(), "utf-8", errors="replace")
        except OSError as error:
            raise TargetError(f"{path} cannot be written: {error.strerror or error}") from None

    def _text(self) -> str:
        return f"{self}\n"

    def _json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def _page(self) -> str:
        from junco.pages.style import page
        from junco.tuning.report_page import body

        return page(f"Training: {self.name}", body(self))

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment
        from junco.tuning.report_page import summary

        return fragment(summary(self))

    def __str__(self) -> str:
        from junco.tuning.report_text import text

        return text(self)

    def __repr__(self) -> str:
        gain = self.readings.gain
        by = f", {self.measure} {gain.mean:+.3f}" if gain is not None else ""
        return printable(f"<training of {self.name}, {self.scope_words}: {self.verdict.kind}{by}>")

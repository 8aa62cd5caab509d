"""`JobReport`: what a bulk job did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

from junco.engine.counted import Sums
from junco.engine.stats import PipelineStats, StageStats
from junco.job.reasons import Reason
from junco.operator.notes import Word
from junco.store.sink import Rejected
from junco.wording import printable, printable_lines

_SHOWN = 5
WORTH_ADVICE_S = 5.0
"""Of less work nobody wants to know what binds."""


@dataclass(frozen=True, slots=True, repr=False)
class JobReport:
    """What a bulk job did; printing it says so in words.

    Attributes:
        target: where the results are.
        num_inputs: inputs that the source has, and those that stayed.
        num_done: inputs whose results are in the target.
        num_new: inputs that this run has worked on, new and changed ones.
        num_changed: how many of these were known with other content.
        num_skipped: inputs that were done before.
        num_rejects: inputs that were put aside, or of which a part was.
        num_deleted: inputs that were done once and that the source has no more; their rows are gone from the target.
        num_rows: rows of the target.
        seconds: how long this run took.
        rejects: the file that says why inputs were put aside; ``None`` if none were.
        reasons: why they were, and how many for each reason, the most common first.
        first_rejects: the first of them.
        read: how the source was read: what was chosen (a column, a separator, an encoding) or passed over.
        num_unmarked: inputs whose content has no hash, so that they are worked on each time.
        num_kept: inputs that the source has not, and that stayed (``missing="append"``).
        deleted: the names of the deleted inputs.
        damaged: what of an earlier run was found damaged, and is made anew.
        unknown: what of the pipeline could not be identified: such a job cannot be resumed.
        stats: time, waiting, batches and bytes of each stage in this run; ``None`` where nothing was to do.
    """

    target: str
    num_inputs: int
    num_done: int
    num_new: int
    num_changed: int
    num_skipped: int
    num_rejects: int
    num_deleted: int
    num_rows: int
    seconds: float
    rejects: str | None = None
    reasons: tuple[Reason, ...] = ()
    first_rejects: tuple[Rejected, ...] = ()
    read: tuple[str, ...] = ()
    num_unmarked: int = 0
    num_kept: int = 0
    deleted: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    stats: PipelineStats | None = None

    @property
    def advice(self) -> str:
        """Which stage bound, and what would help; empty where nothing was to do."""
        return self.stats.advice if self.stats is not None else ""

    @property
    def num_cut(self) -> int:
        """Of how many inputs of its stages only a part was used; ``stats`` says of which stages."""
        return sum(stage.num_cut for stage in self.stats.stages) if self.stats is not None else 0

    @property
    def num_empty(self) -> int:
        """In how many inputs of its stages there was nothing."""
        return sum(stage.num_empty for stage in self.stats.stages) if self.stats is not None else 0

    @property
    def num_unknown(self) -> int:
        """Of how many inputs of its stages an operator does not know a good part."""
        return sum(stage.num_unknown for stage in self.stats.stages) if self.stats is not None else 0

    @property
    def num_repeated(self) -> int:
        """How many inputs of its stages were like one before them."""
        return sum(stage.num_repeated for stage in self.stats.stages) if self.stats is not None else 0

    @property
    def num_assumed(self) -> int:
        """Of how many inputs of its stages something had to be assumed, as the encoding of a text."""
        return sum(stage.num_assumed for stage in self.stats.stages) if self.stats is not None else 0

    @property
    def has_nothing(self) -> str:
        """Why the target has nothing for anyone, in words; empty where it has."""
        if not self.num_inputs:
            return "the source has no inputs"
        if not self.num_done:
            return "no input succeeded"
        return "" if self.num_rows else "no input gave a row"

    @property
    def is_unchanged(self) -> bool:
        """Whether there was nothing to do."""
        return not self.num_new and not self.num_deleted and self.num_skipped == self.num_inputs

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values |= {f"num_{word}": getattr(self, f"num_{word}") for word in get_args(Word)}
        values |= {name: [each._asdict() for each in values[name]] for name in ("reasons", "first_rejects")}
        return values | {"advice": self.advice, "stats": self.stats.to_dict() if self.stats is not None else None}

    def __str__(self) -> str:
        return self.text()

    def text(self, *, verbose: bool = False) -> str:
        """What it did, in lines.

        Args:
            verbose: with what each stage did, and what binds, however short the job was.
        """
        return self._in_lines([*self._said(), *self._stages(verbose)])

    def changes(self) -> str:
        """What a later run of a job that goes on changed, in few lines: what did not change has been said before."""
        lines = [*self._put_aside()[:1], *self._gone(), *self._stayed(), *self.damaged]
        return self._in_lines(lines)

    def _in_lines(self, lines: Iterable[str]) -> str:
        return printable_lines([f"{self.target}: {self._done()}", *(f"  {line}" for line in lines)])

    def __repr__(self) -> str:
        aside = f", {_counted(self.num_rejects, 'input')} put aside" if self.num_rejects else ""
        return printable(f"<report of {self.target}: {self._done()}{aside}>")

    def _repr_html_(self) -> str:
        from junco.pages.style import fragment
        from junco.pages.summary import titled

        table = self.stats.table() if self.stats is not None else ""
        return fragment(titled(self.target, self._done(), self._said(), table))

    def _done(self) -> str:
        return f"{self._work()}, {_counted(self.num_rows, 'row')}"

    def _said(self) -> list[str]:
        """What else there is to say, a line each."""
        lines = [self.has_nothing] if self.has_nothing else []
        lines += [f"read {line}" for line in self.read[:_SHOWN]]
        if len(self.read) > _SHOWN:
            lines.append(f"and {_counted(len(self.read) - _SHOWN, 'more note')} on how the source was read")
        lines += [*self._put_aside(), *self._gone(), *self._stayed()]
        if self.num_unmarked:
            what = _counted(self.num_unmarked, "input")
            lines.append(
                f"{what} whose content has no hash: nobody can tell whether it changed, so it is done each time"
            )
        lines += self.damaged
        if self.unknown:
            lines.append(f"this job cannot be resumed, for it cannot be identified: {'; '.join(self.unknown)}")
        return lines

    def _put_aside(self) -> list[str]:
        """How many inputs were put aside, why, and which were the first."""
        if not self.num_rejects:
            return []
        where = f": see {self.rejects}" if self.rejects else ""
        lines = [f"{_counted(self.num_rejects, 'input')} put aside{where}"]
        if self.num_rejects > len(self.first_rejects):  # else they are all told by name
            lines += [f"  {reason}" for reason in self.reasons[:_SHOWN]]
            if len(self.reasons) > _SHOWN:
                lines.append(f"  and {_counted(len(self.reasons) - _SHOWN, 'more reason')}")
            lines.append("  the first of them:")
        return lines + [f"  {each.input[:80]} in {each.stage}: {each.reason}" for each in self.first_rejects]

    def _gone(self) -> list[str]:
        """Which inputs are gone from the source."""
        if not self.num_deleted:
            return []
        more = f" and {self.num_deleted - _SHOWN:,} more" if self.num_deleted > _SHOWN else ""
        names = ", ".join(self.deleted[:_SHOWN])
        return [f"{_counted(self.num_deleted, 'input')} gone from the source: {names}{more}"]

    def _stayed(self) -> list[str]:
        """How many inputs stayed that are not in the source."""
        return [f"{_counted(self.num_kept, 'input')} stayed that this source has not"] if self.num_kept else []

    def _stages(self, verbose: bool) -> list[str]:
        """What the stages say: all of it, or what concerns the results, and what binds where that matters."""
        if self.stats is None:
            return []
        is_long = sum(stage.seconds for stage in self.stats.stages) >= WORTH_ADVICE_S
        return str(self.stats).splitlines() if verbose else [*self.stats.notes, *([self.advice] if is_long else [])]

    def _work(self) -> str:
        if self.is_unchanged:
            return f"nothing new among {_counted(self.num_inputs, 'input')}"
        rate = f", {self.num_new / self.seconds:,.1f} a second" if self.num_new and self.seconds > 0 else ""
        before = f", {self.num_skipped:,} done before" if self.num_skipped else ""
        return f"{_counted(self.num_new, 'input')} in {self.seconds:.1f} s{rate}{before}"


def stats_since(before: PipelineStats, now: PipelineStats, sums: Sums) -> PipelineStats:
    """What the stages have done between two looks at them; ``sums`` are what operators noted of the job's own rows."""
    return replace(
        now,
        stages=tuple(_stage_since(*pair, sums) for pair in zip(before.stages, now.stages, strict=True)),
        wall_s=now.wall_s - before.wall_s,
        num_items=now.num_items - before.num_items,
    )


def _stage_since(before: StageStats, now: StageStats, sums: Sums) -> StageStats:
    names = ["num_tasks", "num_rows", "num_items", "num_bytes", "seconds", "wait_s", "loading_s"]
    names += ["first_s", "first_items", "first_rows"]  # nothing where the first task was before
    done: dict[str, Any] = {name: getattr(now, name) - getattr(before, name) for name in names}
    noted = sums.get(now.name, {})
    done |= {f"num_{word}": noted[word].number if word in noted else 0 for word in get_args(Word)}
    return replace(now, **done, named={word: total.named for word, total in noted.items()})


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""A trial of a pipeline on the first inputs of a source: what binds, and how long all of it would take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from junco.api import Pipeline
from junco.cli.printing import size
from junco.engine.sizes import num_bytes_of
from junco.engine.stats import PipelineStats
from junco.job.progress import duration
from junco.job.source import Item, count_of, items_of
from junco.job.wanted import Told, Wanted


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial has shown.

    Attributes:
        num_tried: inputs that were tried.
        num_rejects: how many of them failed.
        num_inputs: inputs that the whole source has; ``None`` where that is not quickly told.
        seconds: how long the trial took, loading included.
        start_s: how long it took of that until the first input could be worked on.
        total_s: what all inputs would take, from the start.
        total_bytes: what their results would take, before compression.
        stats: of each stage.
        read: how the source was read, a line each.
    """

    num_tried: int
    num_rejects: int
    num_inputs: int | None
    seconds: float
    start_s: float
    total_s: float | None
    total_bytes: int | None
    stats: PipelineStats
    read: tuple[str, ...]

    def __str__(self) -> str:
        lines = [
            *(f"read {line}" for line in self.read),
            str(self.stats),
            f"tried {self.num_tried:,} inputs in {self.seconds:.1f} s, {self.start_s:.1f} s of it to start, "
            f"{self.num_rejects:,} failed",
        ]
        if self.num_inputs is not None and self.total_s is not None and self.total_bytes is not None:
            lines.append(f"all {self.num_inputs:,} would take {duration(self.total_s)} and {size(self.total_bytes)}")
        return "\n".join(lines)


def try_out(p: Pipeline, source: str, most: int, column: str | None = None) -> Trial:
    """Run a pipeline on at most so many inputs."""
    started = time.monotonic()
    p.prepare()
    start_s = time.monotonic() - started
    rejects: list[Any] = []
    told = Told()
    wanted = Wanted(p.graph.inputs, column, tell=told)
    items = list(islice(items_of(source, wanted), most))
    values = list(_values(items))
    results = p.batch(values, on_error="skip", rejects=rejects.append)
    seconds = time.monotonic() - started
    num_inputs, stats = count_of(source, wanted), p.stats()
    num_failed = len(items) - len(values) + len({reject.position for reject in rejects})
    total_s = total_bytes = None
    if num_inputs is not None and items:
        total_s = start_s + stats.predicted_s(num_inputs)
        total_bytes = sum(map(num_bytes_of, results)) * num_inputs // len(items)
    return Trial(len(items), num_failed, num_inputs, seconds, start_s, total_s, total_bytes, stats, tuple(told.lines))


def _values(items: Iterable[Item]) -> Iterator[Any]:
    """What goes into the pipeline; what cannot be read is left out."""
    for item in items:
        with suppress(Exception):  # whatever an address or a file may raise: a job would put it aside
            yield item.read() if item.read is not None else item.value

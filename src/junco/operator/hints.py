"""`Hints`: what the engine may know of an operator before it has measured anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hints:
    """What the engine may know of an operator before it has measured anything.

    Attributes:
        max_batch: most rows in one batch; 1 says that batching gains nothing, ``None`` lets the engine find out.
        first_batch: rows of its first batches, where few rows say little of many (texts that it sorts by length).
        max_cost: most cost units (what ``Operator.cost`` counts: tokens, pixels) in one batch.
        releases_gil: ``batch`` spends its time outside the interpreter lock, so threads run it in parallel.
        thread_safe: one instance may run several batches at once.
        processes: it may be built again in other processes, where the engine moves it when it turns out to be slow.
        stateful: it has a state for each scope, whose rows it is given in their order.
        retry: transient errors, after which a batch may be tried again.
    """

    max_batch: int | None = None
    first_batch: int | None = None
    max_cost: float | None = None
    releases_gil: bool = False
    thread_safe: bool = False
    processes: bool = False
    stateful: bool = False
    retry: tuple[type[BaseException], ...] = ()

"""`RunOptions`: how a caller wants a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from junco.errors import DeadlineError, InputError
from junco.operator.lanes import Lane
from junco.wording import picture

if TYPE_CHECKING:
    from junco.engine.counted import Sums
    from junco.engine.rows import Reject
    from junco.engine.stage import OnError
    from junco.engine.trace import Trace


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a caller wants a run.

    Attributes:
        on_error: "raise", "skip" or "none".
        ordered: give results in the items' order, or as they come.
        rejected: called with each row that was put aside, in the reader's thread.
        timeout_s: how long the run may take.
        by_rows: give rows as they come, not one result for each item.
        trace: where to note what ran when; written when the run ends.
        lane: how urgent it is, where others wait for the same operator.
        is_let_go: whether nobody waits for the reader's thread beyond its time, so that it may work itself.
        sums: where to count what operators note of the run's rows, besides the pipeline's own counts.
    """

    on_error: OnError = "raise"
    ordered: bool = True
    rejected: Callable[[Reject], None] | None = None
    timeout_s: float | None = None
    by_rows: bool = False
    trace: Trace | None = None
    lane: Lane = Lane.BATCH
    is_let_go: bool = False
    sums: Sums | None = None

    def __post_init__(self) -> None:
        if self.on_error not in ("raise", "skip", "none"):
            raise InputError(f"on_error must be 'raise', 'skip' or 'none', not {self.on_error!r}")


def checked_timeout(timeout_s: Any) -> float | None:
    """Seconds that a caller grants; none where they are as good as for ever.

    Raises:
        InputError: it is no number.
        DeadlineError: there are none left.
    """
    if timeout_s is None:
        return None
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, Real) or timeout_s != timeout_s:
        raise InputError(f"timeout_s is a number of seconds, not {picture(timeout_s)}")
    if timeout_s <= 0:
        raise DeadlineError(f"the call did not begin: timeout_s={timeout_s} leaves it no time")
    return float(timeout_s) if timeout_s < threading.TIMEOUT_MAX else None

"""`JobOptions`: how a caller wants a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from junco.errors import InputError

if TYPE_CHECKING:
    from junco.engine.stage import OnError
    from junco.engine.trace import Trace
    from junco.job.reading import Reading

SHARD_ROWS = 1024
Kept = Sequence[str] | Literal["*"]
"""Names of columns of a table, or all that are neither inputs nor the key."""
Missing = Literal["refuse", "prune", "append"]
"""What becomes of inputs that a target has and the source has not."""
MaxRejects = int | Literal["auto"] | None


def _found_out() -> Reading:
    from junco.job.reading import FOUND_OUT  # what is imported here is imported when junco starts

    return FOUND_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How a caller wants a job; `Pipeline.run` says what each means."""

    on_error: OnError = "skip"
    resume: bool = True
    retry_rejects: bool = False
    column: str | None = None
    progress: bool | None = None
    shard_rows: int = SHARD_ROWS
    trace: Trace | None = None
    max_rejects: MaxRejects = "auto"
    key: str | None = None
    keep: Kept = ()
    missing: Missing = "refuse"
    limit: int | None = None
    reading: Reading = field(default_factory=_found_out)

    def __post_init__(self) -> None:
        if self.on_error not in ("raise", "skip", "none"):
            raise InputError(f"on_error must be 'raise', 'skip' or 'none', not {self.on_error!r}")
        if self.shard_rows < 1:
            raise InputError(f"shard_rows must be at least 1, not {self.shard_rows}")
        if self.missing not in get_args(Missing):
            raise InputError(f"missing must be 'refuse', 'prune' or 'append', not {self.missing!r}")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit is how many inputs are taken, 1 or more, not {self.limit}")
        _check_max_rejects(self.max_rejects)
        if isinstance(self.keep, str) and self.keep != "*":
            raise InputError(f"keep is a list of columns or '*', as in keep=[{self.keep!r}], not {self.keep!r}")


def _check_max_rejects(most: MaxRejects) -> None:
    """Refuse what is no limit."""
    is_count = isinstance(most, int) and not isinstance(most, bool) and most >= 0
    if not (is_count or most is None or most == "auto"):
        raise InputError(f"max_rejects must be a number from 0 on, None for no limit, or 'auto', not {most!r}")

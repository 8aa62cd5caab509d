"""`JobOptions`: how a caller wants a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from junco.errors import InputError
from junco.job.limit import MaxRejects, check_max_rejects

if TYPE_CHECKING:
    from junco.engine.stage import OnError
    from junco.engine.trace import Trace

SHARD_ROWS = 1024


@dataclass(frozen=True, slots=True)
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

    def __post_init__(self) -> None:
        if self.on_error not in ("raise", "skip", "none"):
            raise InputError(f"on_error must be 'raise', 'skip' or 'none', not {self.on_error!r}")
        if self.shard_rows < 1:
            raise InputError(f"shard_rows must be at least 1, not {self.shard_rows}")
        check_max_rejects(self.max_rejects)

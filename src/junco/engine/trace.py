"""`Trace`: what ran when, as a file that viewers show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junco.errors import TargetError
from junco.settings import user_path

MOST_EVENTS = 200_000
"""More than this no viewer shows, and a job of days would fill the disk."""


@dataclass(slots=True)
class Trace:
    """What ran when, as a file for chrome://tracing and ui.perfetto.dev."""

    path: Path
    events: list[dict[str, Any]]

    @classmethod
    def to(cls, path: str | Path | None) -> Trace | None:
        """A trace that will be written to ``path``; none without one.

        Raises:
            TargetError: the file cannot be written: better known before the run than after it.
        """
        if path is None:
            return None
        place = user_path(path, "the trace")
        with _writing(place):
            place.open("a").close()
        return cls(place, [])

    def add(self, name: str, started_s: float, seconds: float, thread: int, num_rows: int) -> None:
        """Note a task; times in seconds on one clock. A trace that is too long to look at ends."""
        if len(self.events) >= MOST_EVENTS:
            return
        self.events.append(
            {
                "name": name,
                "ph": "X",
                "ts": started_s * 1e6,
                "dur": seconds * 1e6,
                "pid": 1,
                "tid": thread,
                "args": {"rows": num_rows},
            }
        )

    def write(self) -> None:
        """Write the file.

        Raises:
            TargetError: it cannot be written any more.
        """
        import json

        with _writing(self.path):
            self.path.write_text(json.dumps({"traceEvents": self.events}), encoding="utf-8")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TargetError(f"the trace {path} cannot be written: {error.strerror or error}") from error

"""The number of a request: in its answer, in the log and in what was noted of it."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""Of the request that this thread, or task, answers."""

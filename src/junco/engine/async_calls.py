"""Async callers: each of their calls runs in a thread, of which there are so many that together they fill batches."""

from __future__ import annotations

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

MOST_CALLS = 128
"""Calls under way at once; more wait for their turn. asyncio's own threads are a few more than there are cores: too
few to fill a batch."""


async def in_thread(call: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    """What ``call`` gives, in the caller's context variables. A task that is cancelled before its turn is not begun."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(context.run, call, *inputs, **options))


def _renew() -> None:
    """A forked child has none of its parent's threads."""
    global _threads
    _threads = ThreadPoolExecutor(MOST_CALLS, "junco-call")


_threads = ThreadPoolExecutor(MOST_CALLS, "junco-call")
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

"""How often a caller may ask: fixed windows, in memory, with the headers that clients read."""

from __future__ import annotations

import time
from typing import Any

from junco.hub.server.faults import Fault


class Counter:
    """Requests of callers, by what they are for."""

    def __init__(self) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter

        self._counted: Any = FixedWindowRateLimiter(MemoryStorage())

    def hit(self, what: str, caller: str, most: int, window_s: int) -> None:
        """Count one.

        Args:
            what: ``"api"``, ``"login"`` ….
            caller: a user or an address.
            most: in a window.
            window_s: seconds.

        Raises:
            Fault: there were too many.
        """
        from limits import RateLimitItemPerSecond

        item = RateLimitItemPerSecond(most, window_s, namespace=what)
        if not self._counted.hit(item, caller):
            reset, _ = self._counted.get_window_stats(item, caller)
            wait = max(1, int(reset - time.time()) + 1)
            raise Fault(429, "rate-limited", f"at most {most:,} in {window_s} s: wait {wait} s", headers={
                "Retry-After": str(wait),
                "RateLimit": f'"{what}";r=0;t={wait}',
                "RateLimit-Policy": f'"fixed window";"{what}";q={most};w={window_s}',
            })  # fmt: skip

"""What the start page says of all that is public: counts by kind and family, and how families do.

On a small hub it is found anew for each page. Where that takes long, the last is shown, and a thread finds the next.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from junco.hub.server.access import Actor
from junco.hub.server.hub import Hub
from junco.hub.server.repos import search, trends

_DAYS, _FAMILIES = 30, 12
_QUICK_S, _GOOD_S = 0.02, 60.0
log = logging.getLogger("junco.hub")


@dataclass(frozen=True, slots=True)
class Overview:
    """Of what anybody may see.

    Attributes:
        kinds: with their counts.
        families: those that rise most, with their days.
        count_of: members by family.
    """

    kinds: list[dict[str, Any]]
    families: list[dict[str, Any]]
    count_of: dict[str, int]


class Overviews:
    """Keeps the last overview for as long as finding it was slow.

    Args:
        hub: that it is of.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._last: Overview | None = None
        self._took_s = self._at = 0.0
        self._at_work = threading.Lock()

    def now(self) -> Overview:
        """The overview; at most a minute older than the page before it, where many pages are asked for."""
        if self._last is None or self._took_s < _QUICK_S:
            return self._find()
        if time.monotonic() - self._at > _GOOD_S and self._at_work.acquire(blocking=False):
            threading.Thread(target=self._find_later, name="junco hub overview", daemon=True).start()
        return self._last

    def _find(self) -> Overview:
        began = time.thread_time()  # of this thread alone: other requests make nothing slow
        with self.hub.database.reading() as session:
            nobody = Actor()
            counts = search.search(session, nobody, search.Query(limit=1), facets=True).facets or {}
            families = trends.rising_families(session, _DAYS, _FAMILIES)
        count_of = {each["value"]: each["count"] for each in counts.get("family", [])}
        self._last = Overview(counts.get("kind", []), families, count_of)
        self._took_s, self._at = time.thread_time() - began, time.monotonic()
        return self._last

    def _find_later(self) -> None:
        try:
            self._find()
        except SQLAlchemyError:  # a database that is locked, or closed with its hub: the last one stays
            log.warning("the overview was not found anew", exc_info=True)
        finally:
            self._at_work.release()

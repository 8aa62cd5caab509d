"""What is measured of the server, as Prometheus reads it."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from junco.hub.server.hub import Hub
from junco.hub.server.tables.files import Blob, Commit, Repository
from junco.hub.server.tables.people import User

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class Metrics:
    """Of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("junco_hub_requests", "Answers", ["route", "status"], registry=self.registry)
        self._seconds = Histogram(
            "junco_hub_request_seconds", "Until the answer's end", ["route"], registry=self.registry, buckets=_SECONDS
        )
        self._things = Gauge("junco_hub_things", "What is kept", ["kind"], registry=self.registry)
        self._bytes = Gauge("junco_hub_blob_bytes", "Of all files, each once", registry=self.registry)

    def answered(self, scope: Any, status: int, seconds: float) -> None:
        """Count an answer, by its route and never by what the address names."""
        route = getattr(scope.get("route"), "path", "none")
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, hub: Hub) -> bytes:
        """All of it."""
        with hub.database.reading() as session:
            for kind, table in (("repositories", Repository), ("commits", Commit), ("blobs", Blob), ("users", User)):
                self._things.labels(kind).set(session.scalar(select(func.count()).select_from(table)) or 0)
            self._bytes.set(float(session.scalar(select(func.sum(Blob.size))) or 0))
        return generate_latest(self.registry)

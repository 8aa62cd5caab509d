"""What was measured of commits: reports that owners sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from junco.hub.server.tables.base import KEY, Base


class Report(Base):
    """What was measured of a commit by some data, on some machine; rows are added and taken away, never changed."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("repository_id", "digest"), Index("ix_reports_data_key", "data_key"))

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"))
    commit_id: Mapped[int] = mapped_column(ForeignKey("commits.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the commit and of what was measured: the same sent twice is one."""
    data_key: Mapped[str] = mapped_column(String(120))
    """Which data: its name and its fingerprint's first digits. What shares it can be compared."""
    author: Mapped[str] = mapped_column(String(96))
    at: Mapped[int] = mapped_column(BigInteger)
    """When it came here; when was measured is within."""
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `bodies.Measured` has it."""

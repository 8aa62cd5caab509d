"""What a mirror has fetched, and when it was asked for last: by that the oldest goes where there is too much."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from junco.hub.server.tables.base import Base


class Fetched(Base):
    """A large file that a mirrored repository has, whether its bytes are here or not."""

    __tablename__ = "fetched_blobs"

    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256", ondelete="CASCADE"), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger, index=True)
    """To some minutes."""

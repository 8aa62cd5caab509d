"""What is used: likes, downloads by day, and what Xet's clients have sent in pieces."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from junco.hub.server.tables.base import KEY, Base


class Like(Base):
    """A user likes a repository."""

    __tablename__ = "likes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"), primary_key=True, index=True)
    at: Mapped[int] = mapped_column(BigInteger)


class Downloader(Base):
    """Who has a repository on a day, so that nobody counts twice; kept for two days, and never as an address."""

    __tablename__ = "downloaders"

    day: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"), primary_key=True)
    client: Mapped[str] = mapped_column(String(32), primary_key=True)


class Day(Base):
    """How often a repository was asked for, and liked, on a day."""

    __tablename__ = "days"

    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"), primary_key=True)
    day: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    downloads: Mapped[int] = mapped_column(BigInteger, default=0)
    likes: Mapped[int] = mapped_column(BigInteger, default=0)


class XetScope(Base):
    """Within which pieces are found again: one user's, in one namespace. Clients use its name in addresses."""

    __tablename__ = "xet_scopes"
    __table_args__ = (UniqueConstraint("namespace_id", "user_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    namespace_id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class XetXorb(Base):
    """A pack of chunks as it was sent, until its files are made."""

    __tablename__ = "xet_xorbs"

    scope_id: Mapped[str] = mapped_column(ForeignKey("xet_scopes.id", ondelete="CASCADE"), primary_key=True)
    xorb: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[str] = mapped_column(String(128))
    created: Mapped[int] = mapped_column(BigInteger, index=True)


class XetRange(Base):
    """Chunks ``first`` to ``last`` (not with it) of a pack stand in a blob from ``offset`` on."""

    __tablename__ = "xet_ranges"
    __table_args__ = (Index("ix_xet_ranges_chunk", "scope_id", "xorb", "first"),)

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    scope_id: Mapped[str] = mapped_column(ForeignKey("xet_scopes.id", ondelete="CASCADE"))
    xorb: Mapped[str] = mapped_column(String(64))
    first: Mapped[int]
    last: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256", ondelete="CASCADE"), index=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    lengths: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the chunks, as little-endian 32-bit numbers."""

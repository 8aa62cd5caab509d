"""Who there is: namespaces, users, organisations, tokens, sessions, and what they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from junco.hub.server.tables.base import KEY, Base

USER, ORGANISATION, MIRROR = "user", "organisation", "mirror"


class Namespace(Base):
    """A user's or an organisation's name, or one of another hub's; one that was given away once stays taken."""

    __tablename__ = "namespaces"

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    name: Mapped[str] = mapped_column(String(96))
    key: Mapped[str] = mapped_column(String(96), unique=True)
    """The name as look-alikes share it (`names.likeness`)."""
    kind: Mapped[str] = mapped_column(String(16))
    created: Mapped[int] = mapped_column(BigInteger)


class User(Base):
    """A person; its key is its namespace's."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"), primary_key=True)
    password: Mapped[str | None] = mapped_column(Text)
    """As argon2 has it; none for who never enters by a password."""
    admin: Mapped[bool]
    disabled: Mapped[bool] = mapped_column(default=False)


class Member(Base):
    """A user's role (``admin``, ``write``, ``read``) in an organisation."""

    __tablename__ = "members"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16))


class Token(Base):
    """A token, by the sha256 of it alone."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(96))
    prefix: Mapped[str] = mapped_column(String(16))
    """Its first letters, by which its owner knows it again."""
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(Text)
    """Words, with a space between."""
    namespace_id: Mapped[int | None] = mapped_column(ForeignKey("namespaces.id"))
    repository_id: Mapped[int | None] = mapped_column(ForeignKey("repositories.id"))
    created: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int] = mapped_column(BigInteger)
    revoked: Mapped[int | None] = mapped_column(BigInteger)
    last_used_day: Mapped[int | None] = mapped_column(BigInteger)


class Session(Base):
    """A browser that has logged in, by the sha256 of its cookie alone."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    form_token: Mapped[str] = mapped_column(String(64))
    """What its forms carry, so that another site's page cannot send them."""
    created: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int] = mapped_column(BigInteger)


class Event(Base):
    """Something that was done; rows are added, never changed."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_target", "target", "id"),)

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str | None] = mapped_column(String(96))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(255))
    address: Mapped[str] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text, default="")


class Value(Base):
    """What the server has to remember of itself: the secret that it signs with."""

    __tablename__ = "server_values"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)

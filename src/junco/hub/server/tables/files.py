"""What is kept: repositories, their commits and trees, and the bytes of their files."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from junco.hub.server.tables.base import KEY, Base

BRANCH, TAG = "branch", "tag"
ELSEWHERE = "upstream"
"""The place of bytes that a mirror knows of, and has not fetched, or holds no more: nothing ever lies there."""


class Repository(Base):
    """A folder with a history. One that was deleted keeps its row, so that nobody takes its name."""

    __tablename__ = "repositories"
    __table_args__ = (
        UniqueConstraint("namespace_id", "key"),
        # facets are counted in this index alone: all that decides who may see a repository is in it too, but not
        # first, or a page in an order would be read by it and sorted
        Index("ix_repositories_facets", "kind", "family", "task", "licence", "deleted", "private", "namespace_id"),
        *(
            Index(f"ix_repositories_{column}", column)
            for column in ("kind", "family", "task", "licence", "heat", "downloads", "likes", "updated", "created")
        ),
    )

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    namespace_id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"))
    name: Mapped[str] = mapped_column(String(96))
    key: Mapped[str] = mapped_column(String(96))
    private: Mapped[bool]
    created: Mapped[int] = mapped_column(BigInteger)
    updated: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32), default="model")
    family: Mapped[str | None] = mapped_column(String(96))
    task: Mapped[str | None] = mapped_column(String(96))
    licence: Mapped[str | None] = mapped_column(String(96))
    title: Mapped[str] = mapped_column(String(200), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    unsafe: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Paths at the head of ``main`` that can run code where somebody loads them carelessly."""
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    signed: Mapped[bool] = mapped_column(default=False)
    downloads: Mapped[int] = mapped_column(BigInteger, default=0)
    likes: Mapped[int] = mapped_column(BigInteger, default=0)
    heat: Mapped[float] = mapped_column(default=0.0)
    """What it was asked for, the later the more (`counts.weight`): the order of the trends."""
    upstream: Mapped[str | None] = mapped_column(Text, default=None)
    """The address of the hub that it is mirrored from; ``None`` for one of this hub's own."""


class Blob(Base):
    """The bytes of a file, once, whoever has them."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[str] = mapped_column(String(128))
    """Where its bytes lie: a name that no other upload has, so that a late deletion meets no newer bytes."""
    created: Mapped[int] = mapped_column(BigInteger, index=True)
    git_id: Mapped[str | None] = mapped_column(String(40))
    """As git would name it; for small files, which Hugging Face's clients know by it."""
    format: Mapped[str] = mapped_column(String(32))
    unsafe: Mapped[bool]
    problem: Mapped[str | None] = mapped_column(Text)
    """What is wrong with it as the format that it says it is."""
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)


class Sent(Base):
    """A namespace that has sent the bytes, and may commit them: knowing a digest gives nobody a file."""

    __tablename__ = "sent_blobs"

    namespace_id: Mapped[int] = mapped_column(ForeignKey("namespaces.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256", ondelete="CASCADE"), primary_key=True, index=True)
    at: Mapped[int] = mapped_column(BigInteger)


class Tree(Base):
    """The files of one or several commits of a repository."""

    __tablename__ = "trees"
    __table_args__ = (UniqueConstraint("repository_id", "digest"),)

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"))
    digest: Mapped[str] = mapped_column(String(64))
    files: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)


class Entry(Base):
    """A file of a tree."""

    __tablename__ = "entries"

    tree_id: Mapped[int] = mapped_column(ForeignKey("trees.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    large: Mapped[bool]
    """Whether Hugging Face's clients know it by its sha256 (LFS), else by git's name."""


class Commit(Base):
    """A state of a repository, for ever."""

    __tablename__ = "commits"
    __table_args__ = (UniqueConstraint("repository_id", "oid"),)

    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"))
    oid: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("commits.id"))
    tree_id: Mapped[int] = mapped_column(ForeignKey("trees.id"))
    author: Mapped[str] = mapped_column(String(96))
    message: Mapped[str] = mapped_column(Text)
    created: Mapped[int] = mapped_column(BigInteger)


class Ref(Base):
    """A name of a commit: a branch moves, a tag stays, and one like ``v1.2.0`` is a release that nobody takes back."""

    __tablename__ = "refs"

    repository_id: Mapped[int] = mapped_column(ForeignKey("repositories.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(96), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    commit_id: Mapped[int] = mapped_column(ForeignKey("commits.id"))
    author: Mapped[str] = mapped_column(String(96))
    created: Mapped[int] = mapped_column(BigInteger)

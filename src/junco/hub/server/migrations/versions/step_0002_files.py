"""What is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_files"
down_revision = "0001_people"


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    _blobs()
    _repositories()
    _sent_blobs()
    _trees()
    _entries()
    _commits()
    _refs()


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("git_id", sa.String(length=40), nullable=True),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("unsafe", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_index(op.f("ix_blobs_created"), "blobs", ["created"], unique=False)


def _repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("namespace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("family", sa.String(length=96), nullable=True),
        sa.Column("task", sa.String(length=96), nullable=True),
        sa.Column("licence", sa.String(length=96), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("unsafe", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=False),
        sa.Column("heat", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["namespace_id"], ["namespaces.id"], name=op.f("fk_repositories_namespace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
        sa.UniqueConstraint("namespace_id", "key", name=op.f("uq_repositories_namespace_id_key")),
    )
    op.create_index("ix_repositories_created", "repositories", ["created"], unique=False)
    op.create_index("ix_repositories_downloads", "repositories", ["downloads"], unique=False)
    op.create_index("ix_repositories_family", "repositories", ["family"], unique=False)
    op.create_index("ix_repositories_heat", "repositories", ["heat"], unique=False)
    op.create_index("ix_repositories_kind", "repositories", ["kind"], unique=False)
    op.create_index("ix_repositories_licence", "repositories", ["licence"], unique=False)
    op.create_index("ix_repositories_likes", "repositories", ["likes"], unique=False)
    op.create_index("ix_repositories_task", "repositories", ["task"], unique=False)
    op.create_index("ix_repositories_updated", "repositories", ["updated"], unique=False)


def _sent_blobs() -> None:
    op.create_table(
        "sent_blobs",
        sa.Column("namespace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["namespace_id"], ["namespaces.id"], name=op.f("fk_sent_blobs_namespace_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_sent_blobs_sha256"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("namespace_id", "sha256", name=op.f("pk_sent_blobs")),
    )
    op.create_index(op.f("ix_sent_blobs_sha256"), "sent_blobs", ["sha256"], unique=False)


def _trees() -> None:
    op.create_table(
        "trees",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_trees_repository_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trees")),
        sa.UniqueConstraint("repository_id", "digest", name=op.f("uq_trees_repository_id_digest")),
    )


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("tree_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("large", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_entries_sha256")),
        sa.ForeignKeyConstraint(["tree_id"], ["trees.id"], name=op.f("fk_entries_tree_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tree_id", "path", name=op.f("pk_entries")),
    )
    op.create_index(op.f("ix_entries_sha256"), "entries", ["sha256"], unique=False)


def _commits() -> None:
    op.create_table(
        "commits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("oid", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tree_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author", sa.String(length=96), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["commits.id"], name=op.f("fk_commits_parent_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_commits_repository_id")),
        sa.ForeignKeyConstraint(["tree_id"], ["trees.id"], name=op.f("fk_commits_tree_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commits")),
        sa.UniqueConstraint("repository_id", "oid", name=op.f("uq_commits_repository_id_oid")),
    )


def _refs() -> None:
    op.create_table(
        "refs",
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("commit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author", sa.String(length=96), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["commits.id"], name=op.f("fk_refs_commit_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_refs_repository_id")),
        sa.PrimaryKeyConstraint("repository_id", "name", name=op.f("pk_refs")),
    )

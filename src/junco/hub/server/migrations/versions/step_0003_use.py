"""What is used, and what finds it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_use"
down_revision = "0002_files"


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    _tokens()
    _likes()
    _downloaders()
    _days()
    _xet_scopes()
    _xet_xorbs()
    _xet_ranges()
    if op.get_bind().dialect.name == "sqlite":
        _texts_of_sqlite()
    else:
        _texts_of_postgresql()


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("namespace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.Column("last_used_day", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["namespace_id"], ["namespaces.id"], name=op.f("fk_tokens_namespace_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_tokens_repository_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_index(op.f("ix_tokens_user_id"), "tokens", ["user_id"], unique=False)


def _likes() -> None:
    op.create_table(
        "likes",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_likes_repository_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_likes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "repository_id", name=op.f("pk_likes")),
    )
    op.create_index(op.f("ix_likes_repository_id"), "likes", ["repository_id"], unique=False)


def _downloaders() -> None:
    op.create_table(
        "downloaders",
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_downloaders_repository_id")),
        sa.PrimaryKeyConstraint("day", "repository_id", "client", name=op.f("pk_downloaders")),
    )


def _days() -> None:
    op.create_table(
        "days",
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("downloads", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_days_repository_id")),
        sa.PrimaryKeyConstraint("repository_id", "day", name=op.f("pk_days")),
    )
    op.create_index(op.f("ix_days_day"), "days", ["day"], unique=False)


def _xet_scopes() -> None:
    op.create_table(
        "xet_scopes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("namespace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["namespace_id"], ["namespaces.id"], name=op.f("fk_xet_scopes_namespace_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_xet_scopes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xet_scopes")),
        sa.UniqueConstraint("namespace_id", "user_id", name=op.f("uq_xet_scopes_namespace_id_user_id")),
    )


def _xet_xorbs() -> None:
    op.create_table(
        "xet_xorbs",
        sa.Column("scope_id", sa.String(length=32), nullable=False),
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope_id"], ["xet_scopes.id"], name=op.f("fk_xet_xorbs_scope_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scope_id", "xorb", name=op.f("pk_xet_xorbs")),
    )
    op.create_index(op.f("ix_xet_xorbs_created"), "xet_xorbs", ["created"], unique=False)


def _xet_ranges() -> None:
    op.create_table(
        "xet_ranges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope_id", sa.String(length=32), nullable=False),
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("lengths", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope_id"], ["xet_scopes.id"], name=op.f("fk_xet_ranges_scope_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_xet_ranges_sha256"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xet_ranges")),
    )
    op.create_index("ix_xet_ranges_chunk", "xet_ranges", ["scope_id", "xorb", "first"], unique=False)
    op.create_index(op.f("ix_xet_ranges_sha256"), "xet_ranges", ["sha256"], unique=False)


def _texts_of_sqlite() -> None:
    op.execute("CREATE VIRTUAL TABLE repository_texts USING fts5(words, tokenize='trigram')")


def _texts_of_postgresql() -> None:
    op.create_table(
        "repository_texts",
        sa.Column("id", sa.BigInteger(), sa.ForeignKey("repositories.id"), primary_key=True),
        sa.Column("words", sa.Text(), nullable=False),
    )
    # without the extension, or the right to make it, searches scan: right, and slower
    named = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if op.get_bind().scalar(sa.text(named)) and op.get_bind().scalar(
        sa.text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    ):
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_repository_texts_words ON repository_texts USING gin (words gin_trgm_ops)")

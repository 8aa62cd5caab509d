"""Reports of what was measured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_reports"
down_revision = "0003_use"


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("commit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data_key", sa.String(length=120), nullable=False),
        sa.Column("author", sa.String(length=96), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["commit_id"], ["commits.id"], name=op.f("fk_reports_commit_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repositories.id"], name=op.f("fk_reports_repository_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("repository_id", "digest", name=op.f("uq_reports_repository_id_digest")),
    )
    op.create_index(op.f("ix_reports_commit_id"), "reports", ["commit_id"], unique=False)
    op.create_index(op.f("ix_reports_data_key"), "reports", ["data_key"], unique=False)

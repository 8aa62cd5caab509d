"""What is mirrored from another hub; and facets, counted by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_mirror"
down_revision = "0004_reports"


def upgrade() -> None:
    """Forward; there is no way back but a backup."""
    op.add_column("repositories", sa.Column("upstream", sa.Text(), nullable=True))
    op.create_table(
        "fetched_blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_fetched_blobs_sha256"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_fetched_blobs")),
    )
    op.create_index(op.f("ix_fetched_blobs_used"), "fetched_blobs", ["used"], unique=False)
    facets = ["kind", "family", "task", "licence", "deleted", "private", "namespace_id"]
    op.create_index("ix_repositories_facets", "repositories", facets, unique=False)

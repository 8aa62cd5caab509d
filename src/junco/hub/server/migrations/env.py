"""What Alembic runs: the steps that are missing, in the transaction that `Database.migrate` holds."""

from __future__ import annotations

from alembic import context

from junco.hub.server.tables import files, mirror, people, use
from junco.hub.server.tables.base import Base

TABLES = (people, files, use, mirror)  # importing them is what tells Base of them

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()

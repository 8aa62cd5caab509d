"""Rows that may be there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect as sa_inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from junco.hub.server.tables.base import Base


def insert_new(session: Session, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Add a row, unless one with its key is there: whether it was added. Two writers at once are no error."""
    module: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    asked = module.insert(table).values(**values).on_conflict_do_nothing()
    return session.execute(asked.returning(*sa_inspect(table).primary_key)).first() is not None

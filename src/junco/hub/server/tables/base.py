"""What all tables share: the kind of their keys and the names of their constraints."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase

KEY = BigInteger().with_variant(Integer, "sqlite")
"""Of a row that the database numbers: SQLite numbers ``INTEGER`` alone."""


class Base(DeclarativeBase):
    """Of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

"""The database: SQLite beside the blobs, or PostgreSQL by its address. Short transactions, one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from junco.errors import InputError

_BUSY_MS = 10_000
HEAD = "0005_mirror"
"""The step that this version's tables are at."""
_MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """Where the tables are.

    Args:
        url: as SQLAlchemy reads it: ``sqlite:////srv/hub.db``, ``postgresql://…``.

    Raises:
        InputError: it is no address of such a database.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writers = self.engine.execution_options(writes=True)
        # SQLite has one writer: waiting here is fair, waiting for its file is not
        self._turn: Any = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state and changes nothing."""
        with Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is kept whole, or not at all."""
        with self._turn, Session(self._writers, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables to what this version knows; nothing where they are.

        Raises:
            InputError: they are of a newer junco.
        """
        with self._writers.begin() as connection:
            if (now := _revision(connection)) != HEAD:
                _upgrade(connection, now)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _revision(connection: Connection) -> str | None:
    """Of the tables, as Alembic noted it; asked without Alembic, which takes a while to import."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _upgrade(connection: Connection, now: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    if now is not None and now not in {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}:
        raise InputError("this store was made by a newer junco: upgrade junco, or take a backup of before")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
    except ArgumentError:
        raise InputError("the database's address is none: sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    if address.drivername in {"postgresql", "postgres"}:
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() == "postgresql":
        return create_engine(address, pool_size=16, max_overflow=32, pool_pre_ping=True)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise InputError(f"a database of {address.get_backend_name()} is none that the hub keeps: SQLite or PostgreSQL")
    engine = create_engine(address, pool_size=16, max_overflow=48)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

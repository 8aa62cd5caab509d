"""The text that searches look through: SQLite's trigrams, PostgreSQL's where they are installed, else a plain scan."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from junco.hub.server.tables.files import Repository
from junco.hub.server.tables.people import Namespace


def index(session: Session, repository: Repository) -> None:
    """Have a repository be found by what it says now."""
    words = session.scalar(select(Namespace.name).where(Namespace.id == repository.namespace_id)) or ""
    parts = [f"{words}/{repository.name}", repository.title, repository.summary, repository.family or ""]
    found = "\n".join([*parts, repository.task or "", *repository.tags]).lower()
    forget(session, repository.id)
    session.execute(
        text("INSERT INTO repository_texts (rowid, words) VALUES (:id, :words)")
        if session.get_bind().dialect.name == "sqlite"
        else text("INSERT INTO repository_texts (id, words) VALUES (:id, :words)"),
        {"id": repository.id, "words": found},
    )


def forget(session: Session, repository_id: int) -> None:
    """Have it be found no more."""
    column = "rowid" if session.get_bind().dialect.name == "sqlite" else "id"
    session.execute(text(f"DELETE FROM repository_texts WHERE {column} = :id"), {"id": repository_id})  # noqa: S608

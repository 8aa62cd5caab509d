"""The sink interface, by a store that is neither a file nor ours: a database that takes rows by their inputs."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from junco import pipe
from junco.errors import OperatorError
from junco.store.sink import Sink


class Database(Sink):
    """Rows by their inputs; sealing a shard again changes nothing."""

    def __init__(self, folder):
        self.target = f"sqlite:{folder / 'db'}"
        self.work = folder / "work"
        self.path = folder / "db"
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("create table if not exists vectors (input text primary key, size int)")

    def seal(self, number, shard):
        rows = zip(shard.inputs, shard.columns["size"], strict=True)
        with closing(sqlite3.connect(self.path)) as db, db:
            db.executemany("insert or replace into vectors values (?, ?)", rows)

    def rows(self):
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute("select input, size from vectors order by size").fetchall()


def test_a_store_with_seal_alone_is_resumed_and_takes_only_what_is_new(tmp_path):
    texts = ["x" * n for n in range(1, 11)]
    mended = tmp_path / "mended"

    def size(text):
        if len(text) == 8 and not mended.exists():
            raise ValueError("not yet")
        return len(text)

    with pipe.input("text").map("text", "size", size).output("size") as p:
        with pytest.raises(OperatorError):
            p.run(texts, Database(tmp_path), on_error="raise", shard_rows=3)
        assert len(Database(tmp_path).rows()) == 6
        mended.touch()
        assert p.run(texts, Database(tmp_path), shard_rows=3).num_skipped == 6
        assert p.run(texts, Database(tmp_path)).is_unchanged
        assert p.run([*texts, "y" * 11], Database(tmp_path)).num_new == 1
    assert Database(tmp_path).rows() == [*((text, len(text)) for text in texts), ("y" * 11, 11)]

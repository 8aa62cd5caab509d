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


class Recorder(Sink):
    """Notes what a job asks of it; ``is_torn`` stops the job after a shard was sealed and before it is noted."""

    def __init__(self, folder, log):
        self.target, self.work, self.log = "recorder", folder / "work", log
        self.is_torn = False

    def seal(self, number, shard):
        self.log.append((number, list(shard.inputs)))
        if self.is_torn:
            raise KeyboardInterrupt

    def remove(self, keys):
        self.log.append(("removed", sorted(keys)))

    def keep_only(self, numbers):
        self.log.append(("kept", sorted(numbers)))

    def publish(self, num_rejects):
        self.log.append("published")


def numbers_in(log):
    return [entry[0] for entry in log if isinstance(entry[0], int)]


def test_numbers_of_shards_grow_and_none_is_used_twice_also_after_a_stop_before_the_journal(tmp_path):
    log = []
    with pipe.input("text").map("text", "size", len).output("size") as p:
        torn = Recorder(tmp_path, log)
        torn.is_torn = True
        with pytest.raises(KeyboardInterrupt):
            p.run(["a", "b", "c"], torn, shard_rows=2, progress=False)
        p.run(["a", "b", "c"], Recorder(tmp_path, log), shard_rows=2, progress=False)
        p.run(["a", "b", "c", "d"], Recorder(tmp_path, log), shard_rows=2, progress=False)
        p.run(["a"], Recorder(tmp_path, log), resume=False, progress=False)
    assert numbers_in(log) == [1, 2, 3, 4, 5]
    assert ("kept", []) in log, "the shard that nobody noted is to be forgotten"


def test_a_sink_is_told_of_changed_inputs_before_their_new_rows_and_of_deleted_ones_before_publishing(tmp_path):
    log = []
    with pipe.input("text", "n").map(("text", "n"), "size", lambda text, n: n).output("size") as p:
        p.run([("a", 1), ("b", 1), ("c", 1)], Recorder(tmp_path, log), progress=False)
        log.clear()
        p.run([("a", 1), ("b", 2)], Recorder(tmp_path, log), progress=False)
    told = [entry for entry in log if entry[0] != "kept"]
    assert told == [("removed", ["b"]), (2, ["b"]), ("removed", ["c"]), "published"]

"""A stranger's store: rows in SQLite, vectors as bytes, the nearest by looking at all of them."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pyarrow as pa

from junco.vector_store.contract import BATCH_ROWS, ID, Found, VectorStore


class ShelfStore(VectorStore):
    def __init__(self, address):
        super().__init__(address)
        self.opened = None

    @property
    def db(self):
        if self.opened is None:
            self.address.path.mkdir(parents=True, exist_ok=True)
            self.opened = sqlite3.connect(
                self.address.path / f"{self.address.collection}.sqlite", check_same_thread=False
            )
            self.opened.execute("create table if not exists about (name text primary key, value text)")
            self.opened.execute("create table if not exists rows (id text primary key, vector blob, others text)")
        return self.opened

    def metadata(self):
        found = dict(self.db.execute("select name, value from about"))
        return {name: value for name, value in found.items() if name != "schema"} if found else None

    def open(self, schema, vector, metadata):
        about = {**metadata, "schema": schema.with_metadata({"vector": vector}).serialize().to_pybytes().hex()}
        with self.db:
            self.db.executemany("insert into about values (?, ?)", about.items())

    @property
    def schema(self):
        (found,) = self.db.execute("select value from about where name = 'schema'").fetchone()
        schema = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(found)))
        return schema, schema.metadata[b"vector"].decode()

    def upsert(self, rows, *, are_new):
        _, vector = self.schema
        vectors = rows.column(vector).to_pylist()
        others = rows.drop_columns([vector]).to_pylist()
        made = [
            (row[ID], np.array(numbers, np.float32).tobytes(), json.dumps(row))
            for row, numbers in zip(others, vectors, strict=True)
        ]
        with self.db:
            self.db.executemany("insert or replace into rows values (?, ?, ?)", made)

    def remove(self, ids):
        with self.db:
            self.db.executemany("delete from rows where id = ?", [(each,) for each in ids])

    def drop(self):
        with self.db:
            self.db.execute("delete from rows")
            self.db.execute("delete from about")

    def count(self):
        return self.db.execute("select count(*) from rows").fetchone()[0]

    def search(self, vectors, count, where=()):
        found = self.db.execute("select vector, others from rows").fetchall()
        if not found:
            return [[] for _ in vectors]
        stored = np.stack([np.frombuffer(vector, np.float32) for vector, _ in found])
        scores = vectors @ (stored / np.linalg.norm(stored, axis=1, keepdims=True)).T
        orders = np.argsort(-scores, axis=1)[:, :count]
        return [
            [Found(float(each[place]), json.loads(found[place][1])) for place in order]
            for each, order in zip(scores, orders, strict=True)
        ]

    def scan(self, columns):
        schema, vector = self.schema
        wanted = pa.schema([schema.field(name) for name in columns])
        cursor = self.db.execute("select vector, others from rows")
        while batch := cursor.fetchmany(BATCH_ROWS):
            rows = [{**json.loads(others), vector: np.frombuffer(numbers, np.float32)} for numbers, others in batch]
            yield pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows], wanted)

    def close(self):
        if self.opened is not None:
            self.opened.close()
            self.opened = None

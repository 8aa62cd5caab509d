"""``postgresql://host/db#photos``: a table of PostgreSQL with the extension pgvector.

A password comes from PGPASSWORD or ``~/.pgpass``, which the driver reads. The metadata are the table's comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from junco.errors import MissingExtraError
from junco.vector_store.contract import (
    BATCH_ROWS,
    ID,
    TIMEOUT_S,
    Condition,
    Found,
    Kind,
    VectorStore,
)
from junco.vector_store.index import EF_CONSTRUCTION, M, looked_at

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.types import Vectors

_MARK = "junco vector store"
_MOST_BY_INDEX, _MOST_INDEXED_DIM = 200, 2_000
_TYPES = {"string": "text", "int64": "int8", "double": "float8", "bool": "bool"}


class PgvectorStore(VectorStore):
    """A table in the first schema of the connection's search path."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"text", "int", "float", "bool", "time"})
    indexed_rows: ClassVar[int] = 50_000
    holds_nul: ClassVar[bool] = False
    most_dim: ClassVar[int | None] = 16_000

    def check(self) -> None:
        """Both packages are there."""
        _ = self._driver, self._register

    @property
    def _driver(self) -> Any:
        try:
            import psycopg
        except ImportError:
            raise MissingExtraError("psycopg", "pgvector", "PostgreSQL") from None
        return psycopg

    @property
    def _register(self) -> Any:
        try:
            from pgvector.psycopg import register_vector
        except ImportError:
            raise MissingExtraError("pgvector", "pgvector", "PostgreSQL") from None
        return register_vector

    @cached_property
    def _db(self) -> Any:
        return self._driver.connect(self.address.place, autocommit=True, connect_timeout=int(TIMEOUT_S))

    @cached_property
    def _with_vectors(self) -> Any:
        """The connection, once the database has the type."""
        self._register(self._db)
        return self._db

    @cached_property
    def _table(self) -> Any:
        from psycopg import sql

        return sql.Identifier(self.address.collection)

    def _run(self, text: str, *values: Any, **parts: Any) -> Any:
        """Run a command; parts are names and pieces that are put in where it says so, values go beside it."""
        from psycopg import sql

        return self._db.execute(sql.SQL(text).format(table=self._table, **parts), values or None)

    def metadata(self) -> Mapping[str, str] | None:
        """From the table's comment."""
        name = self._table.as_string(self._db)
        (there, said) = self._run(
            "select to_regclass(%s) is not null, obj_description(to_regclass(%s), 'pg_class')", name, name
        ).fetchone()
        if not there:
            return None
        try:
            found = json.loads(said or "{}")
        except ValueError:
            return {}
        return dict(found[_MARK]) if isinstance(found, dict) and _MARK in found else {}

    def open(self, schema: pa.Schema, vector: str, metadata: Mapping[str, str]) -> None:
        """Make the table and its comment in one step."""
        from psycopg import sql

        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(_type_of(field, vector))) for field in schema
        )
        with self._db.transaction():
            self._run("create extension if not exists vector")
            self._run("create table {table} ({columns})", columns=columns)
            comment = sql.Literal(json.dumps({_MARK: {**metadata, "junco.vector": vector}}))
            self._run("comment on table {table} is {comment}", comment=comment)

    @cached_property
    def _vector(self) -> str:
        return str((self.metadata() or {})["junco.vector"])

    def upsert(self, rows: pa.Table, *, are_new: bool) -> None:
        """By COPY in its binary form; what may be there already goes by way of a table for a moment."""
        from psycopg import sql

        names = sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
        with self._with_vectors.transaction():
            if are_new:
                self._copy(rows, self._table, names)
                return
            aside = sql.Identifier("junco_aside")
            self._run("create temporary table {aside} (like {table}) on commit drop", aside=aside)
            self._copy(rows, aside, names)
            new = sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in rows.column_names
            )
            self._run(
                "insert into {table} ({names}) select {names} from {aside} on conflict (junco_id) do update set {new}",
                names=names,
                aside=aside,
                new=new,
            )

    def _copy(self, rows: pa.Table, table: Any, names: Any) -> None:
        import numpy as np
        from psycopg import sql

        kinds = [_type_of(field, self._vector).partition("(")[0].split(" ")[0] for field in rows.schema]
        columns: list[list[Any]] = []
        for name in rows.column_names:
            column = rows.column(name).combine_chunks()
            if name == self._vector:
                flat = column.flatten().to_numpy(zero_copy_only=False)
                columns.append(list(np.asarray(flat, np.float32).reshape(len(column), -1)))
            else:
                columns.append([UUID(each) for each in column.to_pylist()] if name == ID else column.to_pylist())
        command = sql.SQL("copy {} ({}) from stdin with (format binary)").format(table, names)
        with self._db.cursor() as cursor, cursor.copy(command) as copy:
            copy.set_types(kinds)
            for row in zip(*columns, strict=True):
                copy.write_row(row)

    def remove(self, ids: Sequence[str]) -> None:
        """All in one step."""
        self._run("delete from {table} where junco_id = any(%s)", list(ids))

    def drop(self) -> None:
        """Remove the table."""
        self.__dict__.pop("_vector", None)
        self._run("drop table if exists {table}")

    def count(self) -> int:
        """Counted."""
        return int(self._run("select count(*) from {table}").fetchone()[0])

    def finish(self) -> None:
        """A large table has an HNSW index, which pgvector builds for up to 2,000 numbers."""
        from psycopg import sql

        (dim,) = self._run(
            "select atttypmod from pg_attribute where attrelid = to_regclass(%s) and attname = %s",
            self._table.as_string(self._db),
            self._vector,
        ).fetchone()
        if self.count() >= self.indexed_rows and dim <= _MOST_INDEXED_DIM:
            self._run(
                "create index if not exists {index} on {table} using hnsw ({vector} vector_cosine_ops) "
                "with (m = {m}, ef_construction = {ef})",
                index=sql.Identifier(f"{self.address.collection}_hnsw"),
                vector=sql.Identifier(self._vector),
                m=sql.Literal(M),
                ef=sql.Literal(EF_CONSTRUCTION),
            )
        self._run("analyze {table}")

    def search(self, vectors: Vectors, count: int, where: Sequence[Condition] = ()) -> list[list[Found]]:
        """By the index; for very many rows by looking at all."""
        from psycopg import sql

        db = self._with_vectors
        names = [name for name in self._names if name != self._vector]
        met = sql.SQL(" and ").join([sql.SQL("true"), *(_condition(each) for each in where)])
        given = [list(each.values) if each.sign == "in" else each.values[0] for each in where]
        found = []
        with db.transaction():
            if count > _MOST_BY_INDEX:
                db.execute("set local enable_indexscan = off")
            else:
                self._run("set local hnsw.ef_search = {ef}", ef=sql.Literal(looked_at(count)))
                db.execute("set local hnsw.iterative_scan = strict_order")
            for vector in vectors:
                rows = self._run(
                    "select {names}, {vector} <=> %s from {table} where {met} order by {vector} <=> %s limit %s",
                    vector,
                    *given,
                    vector,
                    count,
                    names=sql.SQL(", ").join(map(sql.Identifier, names)),
                    vector=sql.Identifier(self._vector),
                    met=met,
                ).fetchall()
                found.append([_found(names, row) for row in rows])
        return found

    @property
    def _names(self) -> list[str]:
        cursor = self._run("select * from {table} limit 0")
        return [column.name for column in cursor.description]

    def filters(self, condition: Condition) -> bool:
        """All that compare a column with a value."""
        return True

    def get(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """By the primary key."""
        import pyarrow as pa
        from psycopg import sql

        found = list(self._read(columns, sql.SQL("junco_id = any(%s)"), [UUID(each) for each in ids]))
        return pa.concat_tables(found) if found else pa.table({name: [] for name in columns})

    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """By a cursor of the server."""
        from psycopg import sql

        return self._read(columns, sql.SQL("true"))

    def _read(self, columns: Sequence[str], met: Any, *given: Any) -> Iterator[pa.Table]:
        import pyarrow as pa
        from psycopg import sql

        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with self._with_vectors.transaction(), self._db.cursor("junco_scan", binary=True) as cursor:
            cursor.execute(sql.SQL("select {} from {} where {}").format(names, self._table, met), given or None)
            kinds = {column.name: column.type_code for column in cursor.description}
            while rows := cursor.fetchmany(BATCH_ROWS):
                values = dict(zip(columns, zip(*rows, strict=True), strict=True))
                yield pa.table({name: _array(values[name], kinds[name]) for name in columns})

    def close(self) -> None:
        """Let go of the connection."""
        if (db := self.__dict__.pop("_db", None)) is not None:
            db.close()
        self.__dict__.pop("_with_vectors", None)


def _type_of(field: pa.Field, vector: str) -> str:
    """The type of a column, in PostgreSQL's words."""
    if field.name == ID:
        return "uuid primary key"
    if field.name == vector:
        return f"vector({int(field.type.list_size)})"
    if str(field.type).startswith("timestamp"):
        return "timestamptz" if field.type.tz else "timestamp"
    return _TYPES[str(field.type)]


def _condition(condition: Condition) -> Any:
    from psycopg import sql

    signs = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "in": "= any"}
    value = "(%s)" if condition.sign == "in" else "%s"
    return sql.SQL("{} " + signs[condition.sign] + " " + value).format(sql.Identifier(condition.column))


def _found(names: Sequence[str], row: Sequence[Any]) -> Found:
    values = dict(zip(names, row, strict=False))
    distance = float(row[-1])
    return Found(1 - distance if distance == distance else 0.0, {**values, ID: values[ID].hex})


def _array(values: Sequence[Any], code: int) -> pa.Array:
    """Values of a column as an Arrow array, by its type's number in PostgreSQL."""
    import numpy as np
    import pyarrow as pa

    kinds = {16: pa.bool_(), 20: pa.int64(), 25: pa.string(), 701: pa.float64()} | {
        1114: pa.timestamp("us"),
        1184: pa.timestamp("us", "UTC"),
    }
    if code in kinds:
        return pa.array(values, kinds[code])
    if code == 2950:
        return pa.array([value.hex for value in values], pa.string())
    vectors = np.stack(
        [np.asarray(value if isinstance(value, np.ndarray) else value.to_numpy(), np.float32) for value in values]
    )
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])

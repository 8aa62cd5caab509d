"""``lancedb:./db#photos``: LanceDB, a folder of columnar files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import and_
from typing import TYPE_CHECKING, Any, ClassVar

from junco.errors import MissingExtraError, ParameterError
from junco.vector_store.contract import (
    BATCH_ROWS,
    ID,
    Condition,
    Found,
    Kind,
    VectorStore,
)
from junco.vector_store.index import EF_CONSTRUCTION, M, looked_at

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.types import Vectors

_PREFIX, _VECTOR = b"junco.", "junco.vector"
_DISTANCE = "_distance"


class LanceStore(VectorStore):
    """A table of a LanceDB database, which keeps all columns as Arrow has them."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"any"})
    indexed_rows: ClassVar[int] = 50_000

    def check(self) -> None:
        """A folder it must be."""
        if self.address.is_server:
            raise ParameterError(f"{self.address}: a LanceDB database is a folder: lancedb:./db#photos")
        _ = self._lancedb

    @property
    def _lancedb(self) -> Any:
        try:
            import lancedb
        except ImportError:
            raise MissingExtraError("lancedb", "lancedb", "a LanceDB database") from None
        return lancedb

    @cached_property
    def _db(self) -> Any:
        self.check()
        return self._lancedb.connect(self.address.path)

    @cached_property
    def _table(self) -> Any:
        return self._db.open_table(self.address.collection)

    @property
    def _is_there(self) -> bool:
        return (self.address.path / f"{self.address.collection}.lance").exists()

    def metadata(self) -> Mapping[str, str] | None:
        """From the table's schema."""
        self.check()
        if not self._is_there:
            return None
        said = self._table.schema.metadata or {}
        return {name.decode(): value.decode() for name, value in said.items() if name.startswith(_PREFIX)}

    def open(self, schema: pa.Schema, vector: str, metadata: Mapping[str, str]) -> None:
        """Make a table without rows."""
        self.__dict__["_table"] = self._db.create_table(
            self.address.collection, schema=schema.with_metadata({**metadata, _VECTOR: vector})
        )

    def upsert(self, rows: pa.Table, *, are_new: bool) -> None:
        """Appended where they are new, else merged by their ids."""
        if are_new:
            self._table.add(rows)
        else:
            self._table.merge_insert(ID).when_matched_update_all().when_not_matched_insert_all().execute(rows)

    def remove(self, ids: Sequence[str]) -> None:
        """All in one step."""
        from lancedb.expr import col

        self._table.delete(col(ID).isin(ids))

    def drop(self) -> None:
        """Remove the table's folder."""
        self.__dict__.pop("_table", None)
        if self._is_there:
            self._db.drop_table(self.address.collection)

    def count(self) -> int:
        """From the table's own numbers."""
        return int(self._table.count_rows())

    def finish(self) -> None:
        """A large table has an index; what versions before this one alone held is removed."""
        from datetime import timedelta

        from lancedb.index import HnswFlat

        vector = self._vector
        if self.count() >= self.indexed_rows and not self._table.list_indices():
            config = HnswFlat("cosine", m=M, ef_construction=EF_CONSTRUCTION)
            self._table.create_index(vector, config=config)
        self._table.optimize(cleanup_older_than=timedelta(days=1))

    @property
    def _vector(self) -> str:
        return str(self._table.schema.metadata[_VECTOR.encode()].decode())

    def search(self, vectors: Vectors, count: int, where: Sequence[Condition] = ()) -> list[list[Found]]:
        """By the index, or exactly where there is none."""
        return [self._search_one(vector, count, where) for vector in vectors]

    def _search_one(self, vector: Any, count: int, where: Sequence[Condition]) -> list[Found]:
        names = [name for name in self._table.schema.names if name != self._vector]
        query = self._table.search(vector, vector_column_name=self._vector).distance_type("cosine")
        query = query.select([*names, _DISTANCE]).limit(count).ef(looked_at(count))
        if where:
            query = query.where(reduce(and_, map(_expression, where)), prefilter=True)
        return [Found(1 - row.pop(_DISTANCE), row) for row in query.to_list()]

    def get(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Rows that meet a condition on the id."""
        from lancedb.expr import col

        query = self._table.search().where(col(ID).isin(list(ids))).select(list(columns)).limit(len(ids))
        return query.to_arrow().select(list(columns))

    def filters(self, condition: Condition) -> bool:
        """All that compare a column with a value."""
        return all(isinstance(value, (str, int, float, bool)) for value in condition.values)

    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Batches of the table's files."""
        import pyarrow as pa

        if self.count():
            reader = self._table.search().select(list(columns)).to_batches(BATCH_ROWS)
            yield from (pa.Table.from_batches([batch]).select(list(columns)) for batch in reader)


def _expression(condition: Condition) -> Any:
    from lancedb.expr import col

    column, first = col(condition.column), condition.values[0] if condition.values else None
    signs = {"=": "eq", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
    if condition.sign == "in":
        return column.isin(condition.values)
    return getattr(column, signs[condition.sign])(first)

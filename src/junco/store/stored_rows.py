"""`StoredRows`: the collection of a vector database, as a set that answers.

A search goes to the database's own index. What needs all rows, near-duplicates, clusters, a look at each vector, reads
them once, in the order of their inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from junco.errors import InputError
from junco.store.arrow import arrow
from junco.store.content import KEY, Content, FoundRow, parts_of
from junco.store.held import Held
from junco.store.payload import VECTOR, as_written, kept_schema, schema_of_text
from junco.store.stored import WrittenAnewError
from junco.store.vectors import NAMED_BY, PIPELINE, TITLE, space_in
from junco.types import Vectors
from junco.vector_store.address import parse_address
from junco.vector_store.contract import ID, NUMBER, Condition, Found, VectorStore

if TYPE_CHECKING:
    import pyarrow as pa

_FEW = 1_000


class StoredRows(Content):
    """Rows of a collection.

    Args:
        address: where it is.
        column: the column of the vectors, of which a collection has one.

    Raises:
        InputError: there is no such collection, junco did not make it, or the column is another.
        UnavailableError: the store does not answer.
    """

    has_index = True
    schema: pa.Schema

    def __init__(self, address: str, column: str | None = None) -> None:
        self.address, self._held = address, Held(address)
        said, self.num_rows = self._held.ask(_told)
        if said is None:
            raise InputError(f"{address}: there is no such collection")
        self.schema = schema_of_text(said, address)
        place = parse_address(address)
        self.folders = () if place.is_server else (place.path.absolute().parent,)
        encoded = {name.encode(): value.encode() for name, value in said.items()}
        self.vector_column = said.get(VECTOR, "")
        if column not in (None, self.vector_column):
            raise InputError(f"{address} is searched by its column {self.vector_column!r}, not by {column!r}")
        self.dim = self.schema.field(self.vector_column).type.list_size
        space, about = space_in(encoded)
        self.space = space if about == self.vector_column else None
        self.title, self.made_by, self.named_by = (said.get(name, "") for name in (TITLE, PIPELINE, NAMED_BY))
        self.names = tuple(name for name in self.schema.names if name not in (KEY, self.vector_column))

    def hold(self) -> None:
        """Keep the store open until `close`, also one that nobody else may open meanwhile."""
        self._held.is_kept = True

    def close(self) -> None:
        """Let go of the store."""
        self._held.is_kept = False
        self._held.close()

    def find(self, vectors: Vectors, count: int, where: Sequence[Condition]) -> list[list[FoundRow]] | None:
        """By the store's own index, unless it gives fewer rows than are wanted."""

        def asked(store: VectorStore) -> list[list[Found]] | None:
            most = store.most_found
            if not all(map(store.filters, where)) or (most is not None and min(count, self.num_rows) > most):
                return None
            return store.search(vectors, count, where) if self.num_rows else [[] for _ in vectors]

        found = self._held.ask(asked)
        if found is None:
            return None
        kinds = kept_schema(self.schema, self.vector_column, self._held.kinds)
        read = iter(self._as_written([row.row for rows in found for row in rows], kinds))
        return [[FoundRow(row.row[ID], row.row[KEY], row.score, next(read)) for row in rows] for rows in found]

    def _as_written(self, rows: Sequence[Any], kinds: pa.Schema) -> list[dict[str, Any]]:
        """Columns of rows that a search gave, of the kinds that the store keeps."""
        pa = arrow()
        if not rows or not self.names:
            return [{} for _ in rows]
        columns = {name: pa.array([row[name] for row in rows], kinds.field(name).type) for name in self.names}
        return list(as_written(pa.table(columns), self.schema).to_pylist())

    @cached_property
    def _ids(self) -> tuple[pa.ChunkedArray, pa.Array]:
        """The ids and the inputs of all rows, in order of the inputs and of the rows of each."""
        found = self._scanned([ID, KEY, NUMBER]).sort_by([(KEY, "ascending"), (NUMBER, "ascending")])
        self.num_rows = found.num_rows
        return found.column(ID), found.column(KEY)

    def _scanned(self, columns: Sequence[str]) -> pa.Table:
        pa = arrow()
        pieces = self._held.ask(lambda store: list(store.scan(columns)))
        if not pieces:
            return pa.table({name: pa.array([], self._kind(name)) for name in columns})
        return pa.concat_tables(pieces)

    def _kind(self, name: str) -> pa.DataType:
        pa = arrow()
        own = {ID: pa.string(), NUMBER: pa.int64()}
        return own.get(name) or self.schema.field(name).type

    def _ordered(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of all rows, in their order.

        Raises:
            WrittenAnewError: a job has put other rows there since the first were read.
        """
        import pyarrow.compute as pc

        ids, found = self._ids[0], self._scanned([ID, *columns])
        places = pc.index_in(ids, found.column(ID))
        if places.null_count or found.num_rows != len(ids):
            raise self._other_rows
        return as_written(found.take(places).select(list(columns)), self.schema)

    def keys(self) -> pa.ChunkedArray:
        """Read once."""
        return self._ids[1]

    def vectors(self) -> Vectors:
        """All are read."""
        column = self._ordered([self.vector_column]).column(self.vector_column)
        flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return np.asarray(flat).reshape(len(column), self.dim)

    def pieces(self) -> Iterator[Vectors]:
        """Parts of all vectors, which are read at once."""
        return parts_of(self.vectors())

    def _column(self, name: str) -> pa.ChunkedArray:
        return self._payload.column(name)

    @cached_property
    def _payload(self) -> pa.Table:
        return self._ordered(self.names)

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Of a few rows by their ids; else the columns of all rows are read once, without the vectors."""
        if not self.names:
            return [{} for _ in numbers]
        if len(numbers) <= _FEW and "_payload" not in self.__dict__:
            return self._rows_by_id(numbers)
        return list(self._payload.take(arrow().array(numbers, arrow().int64())).to_pylist())

    def _rows_by_id(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        pa = arrow()
        wanted = self._ids[0].take(pa.array(numbers, pa.int64())).to_pylist()
        found = self._held.ask(lambda store: store.get(list(dict.fromkeys(wanted)), [ID, *self.names]))
        places = {each: place for place, each in enumerate(found.column(ID).to_pylist())}
        if not places.keys() >= set(wanted):
            raise self._other_rows
        rows = as_written(found.select(list(self.names)), self.schema).to_pylist()
        return [rows[places[each]] for each in wanted]

    @property
    def _other_rows(self) -> WrittenAnewError:
        return WrittenAnewError(f"{self.address} was written anew since it was opened: open it again")


def _told(store: VectorStore) -> tuple[Mapping[str, str] | None, int]:
    """The metadata of a collection, and how many rows it has."""
    said = store.metadata()
    return said, store.count() if said is not None else 0

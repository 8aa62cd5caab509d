"""``qdrant:./db#photos``, ``qdrant:http://host:6333#photos``: a collection of Qdrant, local or on a server.

A key comes from QDRANT_API_KEY. Qdrant keeps vectors at length 1, and gives them back so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from junco.errors import MissingExtraError
from junco.settings import secret
from junco.vector_store.contract import (
    BATCH_ROWS,
    ID,
    TIMEOUT_S,
    Condition,
    Found,
    VectorStore,
)
from junco.vector_store.index import EF_CONSTRUCTION, M, looked_at

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.types import Vectors

_SCHEMA, _VECTOR = "schema", "junco.vector"
_UPSERT_ROWS = 1_024


class QdrantStore(VectorStore):
    """A collection with one vector a point, and the columns as its payload."""

    keeps_lengths: ClassVar[bool] = False
    most_dim: ClassVar[int | None] = 65_536

    def check(self) -> None:
        """Its client is there."""
        _ = self._driver

    @property
    def _driver(self) -> Any:
        try:
            from qdrant_client import QdrantClient
        except ImportError:
            raise MissingExtraError("qdrant-client", "qdrant", "Qdrant") from None
        return QdrantClient

    @cached_property
    def _client(self) -> Any:
        if self.address.is_server:
            return self._driver(url=self.address.place, api_key=secret("QDRANT_API_KEY"), timeout=int(TIMEOUT_S))
        return self._driver(path=str(self.address.path))

    @property
    def is_exclusive(self) -> bool:
        """In files: they are locked."""
        return not self.address.is_server

    @property
    def _name(self) -> str:
        return self.address.collection

    def metadata(self) -> Mapping[str, str] | None:
        """Kept with the collection."""
        if not self._client.collection_exists(self._name):
            return None
        said = self._client.get_collection(self._name).config.metadata or {}
        return {name: value for name, value in said.items() if name.startswith("junco.")}

    def open(self, schema: pa.Schema, vector: str, metadata: Mapping[str, str]) -> None:
        """Make the collection."""
        from qdrant_client import models

        self._client.create_collection(
            self._name,
            vectors_config=models.VectorParams(
                size=schema.field(vector).type.list_size, distance=models.Distance.COSINE
            ),
            hnsw_config=models.HnswConfigDiff(m=M, ef_construct=EF_CONSTRUCTION),
            metadata={**metadata, _VECTOR: vector, _SCHEMA: schema.serialize().to_pybytes().hex()},
        )

    @cached_property
    def _said(self) -> Mapping[str, str]:
        return dict(self._client.get_collection(self._name).config.metadata)

    @cached_property
    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(self._said[_SCHEMA])))

    def upsert(self, rows: pa.Table, *, are_new: bool) -> None:
        """Some thousand at a time."""
        from qdrant_client import models

        vector = self._said[_VECTOR]
        for start in range(0, rows.num_rows, _UPSERT_ROWS):
            part = rows.slice(start, _UPSERT_ROWS)
            batch = models.Batch(
                ids=part.column(ID).to_pylist(),
                vectors=part.column(vector).to_pylist(),
                payloads=part.drop_columns([ID, vector]).to_pylist(),
            )
            self._client.upsert(self._name, batch, wait=True)

    def remove(self, ids: Sequence[str]) -> None:
        """By their ids."""
        from qdrant_client import models

        if not ids:
            return
        self._client.delete(self._name, models.PointIdsList(points=list(ids)), wait=True)

    def drop(self) -> None:
        """Remove the collection."""
        self._forget()
        if self._client.collection_exists(self._name):
            self._client.delete_collection(self._name)

    def count(self) -> int:
        """Exactly."""
        return int(self._client.count(self._name, exact=True).count)

    def search(self, vectors: Vectors, count: int, where: Sequence[Condition] = ()) -> list[list[Found]]:
        """By the collection's index."""
        from qdrant_client import models

        met = models.Filter(must=[_condition(each) for each in where]) if where else None
        found = []
        wide = models.SearchParams(hnsw_ef=looked_at(count)) if self.address.is_server else None  # else it looks at all
        for vector in vectors:
            points = self._client.query_points(
                self._name, query=vector.tolist(), limit=count, query_filter=met, search_params=wide, with_payload=True
            ).points
            found.append([Found(point.score, {**point.payload, ID: _hex(point.id)}) for point in points])
        return found

    def filters(self, condition: Condition) -> bool:
        """All that compare a column with a value, but of the id."""
        return condition.column != ID

    def get(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Points by their ids."""
        points = self._client.retrieve(self._name, list(ids), **self._asked_for(columns))
        return self._table_of(points, columns)

    def _asked_for(self, columns: Sequence[str]) -> dict[str, Any]:
        vector = self._said[_VECTOR]
        names = [name for name in columns if name not in (ID, vector)]
        return {"with_payload": names or False, "with_vectors": vector in columns}

    def _table_of(self, points: Sequence[Any], columns: Sequence[str]) -> pa.Table:
        import pyarrow as pa

        vector, kinds = self._said[_VECTOR], self._schema
        rows = [{**(point.payload or {}), ID: _hex(point.id), vector: point.vector} for point in points]
        return pa.table({name: pa.array([row.get(name) for row in rows], kinds.field(name).type) for name in columns})

    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Page by page."""
        offset, options = None, self._asked_for(columns)
        while True:
            points, offset = self._client.scroll(self._name, limit=BATCH_ROWS, offset=offset, **options)
            if points:
                yield self._table_of(points, columns)
            if offset is None:
                return

    def close(self) -> None:
        """Let go of the database."""
        self._forget()
        if (client := self.__dict__.pop("_client", None)) is not None:
            client.close()

    def _forget(self) -> None:
        for name in ("_said", "_schema"):
            self.__dict__.pop(name, None)


def _hex(point: Any) -> str:
    return str(point).replace("-", "")


def _condition(condition: Condition) -> Any:
    from qdrant_client import models

    column, sign, values = condition
    first = values[0] if values else None
    field = models.FieldCondition
    if sign == "in":
        either = [_condition(Condition(column, "=", (value,))) for value in values]
        return models.Filter(should=either) if either else models.HasIdCondition(has_id=[])
    if sign == "!=":
        null = models.IsNullCondition(is_null=models.PayloadField(key=column))
        return models.Filter(must_not=[null, _condition(Condition(column, "=", values))])
    if isinstance(first, (str, bool)):
        return field(key=column, match=models.MatchValue(value=first))
    bounds = {"=": {"gte": first, "lte": first}, "<": {"lt": first}, "<=": {"lte": first}} | {
        ">": {"gt": first},
        ">=": {"gte": first},
    }
    return field(key=column, range=models.Range(**bounds[sign]))

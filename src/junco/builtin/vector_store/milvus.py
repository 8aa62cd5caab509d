"""``milvus:./db#photos``, ``milvus:http://host:19530#photos``: a collection of Milvus, in files or on a server.

In files it is Milvus Lite, in ``./db/milvus.db``; an address that ends in ``.db`` is the database itself. A token of a
server comes from MILVUS_TOKEN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from junco.errors import MissingExtraError
from junco.settings import secret
from junco.vector_store.contract import (
    ID,
    INPUT,
    TIMEOUT_S,
    Condition,
    Found,
    VectorStore,
)
from junco.vector_store.index import EF_CONSTRUCTION, M, looked_at

if TYPE_CHECKING:
    import pyarrow as pa

    from junco.types import Vectors

_SCHEMA, _VECTOR = "junco.milvus.schema", "junco.vector"
_UPSERT_ROWS, _BATCH_ROWS = 2_048, 1_024


class MilvusStore(VectorStore):
    """A collection with an HNSW index for cosines."""

    longest_text: ClassVar[int | None] = 65_535
    most_dim: ClassVar[int | None] = 32_768
    most_found: ClassVar[int | None] = 16_384

    def check(self) -> None:
        """Its client is there."""
        _ = self._driver

    @property
    def _driver(self) -> Any:
        try:
            from pymilvus import MilvusClient
        except ImportError:
            raise MissingExtraError("pymilvus", "milvus", "Milvus") from None
        return MilvusClient

    @cached_property
    def _client(self) -> Any:
        if self.address.is_server:
            return self._driver(self.address.place, token=secret("MILVUS_TOKEN") or "", timeout=TIMEOUT_S)
        from milvus_lite.server_manager import server_manager_instance as servers

        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._is_starter = str(self._file) not in servers._servers
        return self._driver(str(self._file))

    @property
    def is_exclusive(self) -> bool:
        """In files: they are locked."""
        return not self.address.is_server

    @property
    def _file(self) -> Path:
        """The database of Milvus Lite."""
        path = Path(self.address.path).absolute()
        return path if path.suffix == ".db" else path / "milvus.db"

    @property
    def _name(self) -> str:
        return self.address.collection

    def metadata(self) -> Mapping[str, str] | None:
        """From the collection's properties."""
        if not self._client.has_collection(self._name):
            return None
        said = self._client.describe_collection(self._name).get("properties") or {}
        return {name: value for name, value in said.items() if name.startswith("junco.") and name != _SCHEMA}

    def open(self, schema: pa.Schema, vector: str, metadata: Mapping[str, str]) -> None:
        """Make the collection with its index."""
        from pymilvus import DataType

        made = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        kinds = {"string": DataType.VARCHAR, "int64": DataType.INT64, "double": DataType.DOUBLE, "bool": DataType.BOOL}
        for field in schema:
            if field.name == vector:
                made.add_field(vector, DataType.FLOAT_VECTOR, dim=field.type.list_size)
                continue
            kind = kinds[str(field.type)]
            options = {"max_length": 32 if field.name == ID else self.longest_text} if kind == DataType.VARCHAR else {}
            if field.name == ID:
                options["is_primary"] = True
            elif field.name != INPUT:
                options["nullable"] = True
            made.add_field(field.name, kind, **options)
        index = self._client.prepare_index_params()
        params = {"M": M, "efConstruction": EF_CONSTRUCTION}
        index.add_index(vector, index_type="HNSW", metric_type="COSINE", params=params)
        said = {**metadata, _VECTOR: vector, _SCHEMA: schema.serialize().to_pybytes().hex()}
        self._client.create_collection(
            self._name, schema=made, index_params=index, properties=said, consistency_level="Strong"
        )

    @cached_property
    def _said(self) -> Mapping[str, str]:
        self._client.load_collection(self._name)
        return dict(self._client.describe_collection(self._name)["properties"])

    @cached_property
    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(self._said[_SCHEMA])))

    def upsert(self, rows: pa.Table, *, are_new: bool) -> None:
        """Inserted where they are new."""
        put = self._client.insert if are_new else self._client.upsert
        for start in range(0, rows.num_rows, _UPSERT_ROWS):
            put(self._name, rows.slice(start, _UPSERT_ROWS).to_pylist())

    def remove(self, ids: Sequence[str]) -> None:
        """By their ids."""
        if ids:
            self._client.delete(self._name, ids=list(ids))

    def drop(self) -> None:
        """Remove the collection."""
        self._forget()
        if self._client.has_collection(self._name):
            self._client.drop_collection(self._name)

    def count(self) -> int:
        """As of now."""
        _ = self._said
        return int(self._client.query(self._name, filter="", output_fields=["count(*)"])[0]["count(*)"])

    def finish(self) -> None:
        """All that was put in goes to the disk, and is indexed there."""
        self._client.flush(self._name)

    def search(self, vectors: Vectors, count: int, where: Sequence[Condition] = ()) -> list[list[Found]]:
        """By the index."""
        names = [name for name in self._schema.names if name != self._said[_VECTOR]]
        count = max(1, min(count, self.count()))
        text, values = _expression(where)
        found = self._client.search(
            self._name,
            data=vectors.tolist(),
            anns_field=self._said[_VECTOR],
            limit=count,
            filter=text,
            **({"filter_params": values} if values else {}),
            output_fields=names,
            search_params={"metric_type": "COSINE", "params": {"ef": looked_at(count)}},
        )
        return [[Found(row["distance"], {**row["entity"], ID: row[ID]}) for row in rows] for rows in found]

    def filters(self, condition: Condition) -> bool:
        """Of Milvus Lite comparisons with numbers, since it takes no values beside the expression; a server, all."""
        return self.address.is_server or all(isinstance(value, (int, float)) for value in condition.values)

    def get(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Rows by their ids."""
        _ = self._said
        names = list(dict.fromkeys([ID, *columns]))
        return self._table_of(self._client.get(self._name, ids=list(ids), output_fields=names) if ids else [], columns)

    def _table_of(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.Table:
        import pyarrow as pa

        kinds = {name: self._schema.field(name).type for name in columns}
        return pa.table({name: pa.array([row[name] for row in rows], kinds[name]) for name in columns})

    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """By an iterator, which of Milvus Lite warns each time that it has no clock."""
        import logging

        if not self.address.is_server:
            logging.getLogger("pymilvus.client.iterator.query_iterator").setLevel(logging.ERROR)
        _ = self._said
        if not self.count():
            return
        rows = self._client.query_iterator(
            self._name, filter="", batch_size=_BATCH_ROWS, output_fields=list(dict.fromkeys([ID, *columns]))
        )
        try:
            while batch := rows.next():
                yield self._table_of(batch, columns)
        finally:
            rows.close()

    def close(self) -> None:
        """Let go of the database."""
        self._forget()
        if (client := self.__dict__.pop("_client", None)) is not None:
            client.close()
            if not self.address.is_server and self._is_starter:
                self._stop()

    def _stop(self) -> None:
        """Stop Milvus Lite, which else runs in this process to its end, and nobody else may open the database."""
        from milvus_lite.server_manager import server_manager_instance as servers

        servers.release_server(str(self._file))

    def _forget(self) -> None:
        for name in ("_said", "_schema"):
            self.__dict__.pop(name, None)


def _expression(where: Sequence[Condition]) -> tuple[str, dict[str, Any]]:
    """Conditions in Milvus's language: columns are plain names, values are numbers or stand beside it."""
    parts, values = [], {}
    for place, (column, sign, given) in enumerate(where):
        value: Any = list(given) if sign == "in" else given[0]
        if all(isinstance(each, (int, float)) for each in given):
            said = str(value)
        else:
            said, values[f"v{place}"] = f"{{v{place}}}", value
        parts.append(f"{column} {'==' if sign == '=' else sign} {said}")
    return " and ".join(parts), values

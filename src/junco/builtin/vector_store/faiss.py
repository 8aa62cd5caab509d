"""``photos.faiss``: an index of FAISS in a file, and its rows with their vectors in a Parquet file beside it.

FAISS keeps nothing but vectors. The rows are the truth, and say by a digest which index belongs to them; where a
process was killed between the two files, the index is made anew of the rows. All is in memory while it is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from junco.errors import MissingExtraError
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

_INDEX, _VECTOR = "faiss.index", "junco.vector"
_MOST_BY_INDEX = 200
"""Rows that are asked of a graph; more are found by looking at all."""


class FaissStore(VectorStore):
    """One index in a file. From 50,000 rows on it is an HNSW graph, before that all vectors are looked at."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"any"})
    indexed_rows: ClassVar[int] = 50_000

    def __init__(self, address: Any) -> None:
        super().__init__(address)
        self._held: pa.Table | None = None
        self._told: list[pa.Table | pa.Array] = []
        self._may_repeat = False
        self._is_changed = False
        self._searched: Any = None

    def check(self) -> None:
        """FAISS is there."""
        _ = self._faiss

    @property
    def _path(self) -> Path:
        return Path(self.address.path)

    @property
    def _rows_path(self) -> Path:
        return self._path.with_name(f"{self._path.name}.rows.parquet")

    def metadata(self) -> Mapping[str, str] | None:
        """From the rows' file."""
        import pyarrow.parquet as pq

        if self._held is None and not self._rows_path.exists():
            return {} if self._path.exists() else None
        schema = self._held.schema if self._held is not None else pq.read_schema(self._rows_path)
        said = schema.metadata or {}
        return {name.decode(): value.decode() for name, value in said.items() if name.startswith(b"junco.")}

    def open(self, schema: pa.Schema, vector: str, metadata: Mapping[str, str]) -> None:
        """No rows yet."""
        self._take(schema.with_metadata({**metadata, _VECTOR: vector}).empty_table())

    @property
    def _rows(self) -> pa.Table:
        """With all that was put in and taken out since, which is done at once, when somebody asks."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._held is None:
            self._held = pq.read_table(self._rows_path)
        if self._told:
            put = [rows for rows in self._told if isinstance(rows, pa.Table)]
            whole = pa.concat_tables(
                [self._held, *(rows.replace_schema_metadata(self._held.schema.metadata) for rows in put)]
            )
            if self._may_repeat:
                whole = whole.filter(_last([self._held, *self._told]))
            self._take(whole)
        return self._held

    def _take(self, rows: pa.Table) -> None:
        self._held, self._is_changed, self._searched = rows, True, None
        self._told, self._may_repeat = [], False

    @property
    def _vector(self) -> str:
        return str(self._rows.schema.metadata[_VECTOR.encode()].decode())

    def upsert(self, rows: pa.Table, *, are_new: bool) -> None:
        """Held until `finish`."""
        self._told.append(rows)
        self._may_repeat |= not are_new
        self._is_changed = True

    def remove(self, ids: Sequence[str]) -> None:
        """Of the rows; the index is made anew at the end."""
        import pyarrow as pa

        if ids:
            self._told.append(pa.array(ids, pa.string()))
            self._may_repeat = self._is_changed = True

    def drop(self) -> None:
        """Both files: the rows first, without which an index is somebody else's."""
        self._forget()
        self._path.unlink(missing_ok=True)
        self._rows_path.unlink(missing_ok=True)

    def count(self) -> int:
        """Of the rows; their file says it where they are not read."""
        import pyarrow.parquet as pq

        is_read = self._held is not None or bool(self._told)
        return int(self._rows.num_rows if is_read else pq.read_metadata(self._rows_path).num_rows)

    def finish(self) -> None:
        """Write both files, the index first."""
        import pyarrow.parquet as pq

        if not self._is_changed:
            return
        rows = self._rows
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = self._faiss.serialize_index(self._index)
        _put(self._path, lambda part: part.write_bytes(memoryview(content)))
        said = {**rows.schema.metadata, _INDEX.encode(): _digest(memoryview(content))}
        _put(self._rows_path, lambda part: pq.write_table(rows.replace_schema_metadata(said), part))
        self._is_changed = False

    @property
    def _faiss(self) -> Any:
        try:
            import faiss
        except ImportError:
            raise MissingExtraError("faiss-cpu", "faiss", "a FAISS index") from None
        return faiss

    @property
    def _index(self) -> Any:
        """The index in the file, if it belongs to the rows, or one that is made of them."""
        if self._searched is None:
            noted = (self._rows.schema.metadata or {}).get(_INDEX.encode())
            if not self._is_changed and self._path.exists() and noted == _digest(content := self._path.read_bytes()):
                self._searched = self._faiss.deserialize_index(np.frombuffer(content, np.uint8))
            else:
                self._searched = self._built()
        return self._searched

    def _built(self) -> Any:
        units = self._units(self._rows.column(self._vector))
        if len(units) < self.indexed_rows:
            index = self._faiss.IndexFlatIP(units.shape[1])
        else:
            index = self._faiss.IndexHNSWFlat(units.shape[1], M, self._faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = EF_CONSTRUCTION
        index.add(units)
        return index

    def _units(self, vectors: pa.ChunkedArray) -> Vectors:
        column = vectors.combine_chunks()
        flat = column.flatten().to_numpy(zero_copy_only=False)
        rows = np.asarray(flat, np.float32).reshape(len(column), column.type.list_size)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.where(lengths == 0, 1, lengths), np.float32)

    def search(self, vectors: Vectors, count: int, where: Sequence[Condition] = ()) -> list[list[Found]]:
        """By the index; exactly for very many rows, or among those that meet conditions."""
        num_rows = self.count()
        if not num_rows:
            return [[] for _ in vectors]
        count = min(count, num_rows)
        if where or count > _MOST_BY_INDEX:
            return self._search_all(vectors, count, where)
        if hasattr(self._index, "hnsw"):
            self._index.hnsw.efSearch = looked_at(count)
        scores, places = self._index.search(np.ascontiguousarray(vectors, np.float32), count)
        return [self._found(each[at >= 0], at[at >= 0]) for each, at in zip(scores, places, strict=True)]

    def _search_all(self, vectors: Vectors, count: int, where: Sequence[Condition]) -> list[list[Found]]:
        import pyarrow.compute as pc

        among = np.ones(self.count(), np.bool_)
        for condition in where:
            met = pc.fill_null(_met(self._rows.column(condition.column), condition), fill_value=False)
            among &= met.to_numpy(zero_copy_only=False)
        places = np.flatnonzero(among)
        units = self._units(self._rows.column(self._vector).filter(among))
        found = []
        for scores in vectors @ units.T:
            order = np.argsort(-scores, kind="stable")[:count]
            found.append(self._found(scores[order], places[order]))
        return found

    def _found(self, scores: Any, places: Any) -> list[Found]:
        import pyarrow as pa

        rows = self._rows.drop_columns([self._vector]).take(pa.array(places)).to_pylist()
        return [Found(float(score), row) for score, row in zip(scores, rows, strict=True)]

    def filters(self, condition: Condition) -> bool:
        """All: the rows are in memory."""
        return True

    def scan(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Parts of the rows."""
        rows = self._rows.select(list(columns)).replace_schema_metadata(None)
        yield from (rows.slice(start, BATCH_ROWS) for start in range(0, rows.num_rows, BATCH_ROWS))

    def close(self) -> None:
        """Let go of the memory; what was put in since `finish` is lost."""
        self._forget()

    def _forget(self) -> None:
        self._held, self._is_changed, self._searched = None, False, None
        self._told, self._may_repeat = [], False


def _last(told: Sequence[pa.Table | pa.Array]) -> pa.Array:
    """Which rows of all tables stay: those whose id no later table has, and no later list of ids to take out."""
    import pyarrow as pa

    is_put = np.concatenate([np.full(len(each), isinstance(each, pa.Table)) for each in told])
    parts = [each.column(ID).combine_chunks() if isinstance(each, pa.Table) else each for each in told]
    codes = pa.chunked_array(parts).combine_chunks().dictionary_encode().indices.to_numpy()
    numbers = np.arange(len(codes))
    last = np.zeros(len(codes), np.intp)
    np.maximum.at(last, codes, numbers)
    return pa.array((last[codes] == numbers)[is_put])


def _met(column: pa.ChunkedArray, condition: Condition) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if condition.sign == "in":
        return pc.is_in(column, value_set=pa.array(condition.values, column.type))
    signs = {"=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
    return getattr(pc, signs[condition.sign])(column, condition.values[0])


def _digest(content: Any) -> bytes:
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()


def _put(path: Path, write: Any) -> None:
    """Write a file aside and put it in its place, on the disk."""
    import os

    part = path.with_name(f"{path.name}.part")
    write(part)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)

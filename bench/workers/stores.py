"""The worker of ``stores.py``: rows put into a vector store by junco, and by hand with the driver's bulk way."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from serving import Work, serve

from junco.store.payload import kept, kept_schema
from junco.store.row_ids import numbered, numbers_of, texts_of, without_numbers
from junco.vector_store.contract import ID, INPUT, NUMBER
from junco.vector_store.installed import store_at

DIM = 384
ADDRESSES = {"lancedb": "lancedb:{}/db#rows", "faiss": "{}/rows.faiss", "milvus": "milvus:{}/db#rows"}


def rows_of(count: int) -> pa.Table:
    """So many rows with random vectors."""
    inputs = [f"photos/{number:09}.jpg" for number in range(count)]
    ids = without_numbers(inputs)
    ids = numbered(ids, ids[:0])
    flat = np.random.default_rng(0).standard_normal(count * DIM, np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat), DIM)
    return pa.table({ID: texts_of(ids), INPUT: inputs, NUMBER: numbers_of(ids), "vector": vectors})


def by_junco(name: str, folder: Path, rows: pa.Table) -> float:
    """Seconds of making the collection and putting all in."""
    with store_at(ADDRESSES[name].format(folder)) as store:
        given = kept(rows, kept_schema(rows.drop_columns([ID, NUMBER]).schema, "vector", store.kinds))
        store.metadata()
        started_s = time.perf_counter()
        store.open(given.schema, "vector", {"junco.made": "1"})
        for start in range(0, given.num_rows, 16_384):
            store.upsert(given.slice(start, 16_384), are_new=True)
        if name == "faiss":  # which writes at the end
            store.finish()
        return time.perf_counter() - started_s


def by_lancedb(folder: Path, rows: pa.Table) -> float:
    """A table is added."""
    import lancedb

    database = lancedb.connect(folder / "hand")
    started_s = time.perf_counter()
    database.create_table("rows", schema=rows.schema).add(rows)
    return time.perf_counter() - started_s


def by_faiss(folder: Path, rows: pa.Table) -> float:
    """An index is written, and the rows beside it."""
    import faiss
    import pyarrow.parquet as pq

    started_s = time.perf_counter()
    vectors = rows.column("vector").combine_chunks().flatten().to_numpy().reshape(-1, DIM)
    index = faiss.IndexFlatIP(DIM)
    index.add(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    faiss.write_index(index, str(folder / "hand.faiss"))
    pq.write_table(rows, folder / "hand.parquet")
    return time.perf_counter() - started_s


def by_milvus(folder: Path, rows: pa.Table) -> float:
    """Rows are inserted, some thousand at a time."""
    from pymilvus import DataType, MilvusClient

    client = MilvusClient(str(folder / "hand.db"))
    schema, index = client.create_schema(), client.prepare_index_params()
    schema.add_field(ID, DataType.VARCHAR, max_length=32, is_primary=True)
    schema.add_field(INPUT, DataType.VARCHAR, max_length=65_535)
    schema.add_field(NUMBER, DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    index.add_index("vector", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 200})
    started_s = time.perf_counter()
    client.create_collection("rows", schema=schema, index_params=index)
    for start in range(0, rows.num_rows, 2_048):
        client.insert("rows", rows.slice(start, 2_048).to_pylist())
    return time.perf_counter() - started_s


BY_HAND: dict[str, Callable[[Path, pa.Table], float]] = {
    "lancedb": by_lancedb,
    "faiss": by_faiss,
    "milvus": by_milvus,
}


def timed(name: str, count: int) -> dict[str, float]:
    """The best seconds of three, in turns."""
    rows, best = rows_of(count), {"hand": float("inf"), "junco": float("inf")}
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            best["hand"] = min(best["hand"], BY_HAND[name](Path(folder), rows))
            best["junco"] = min(best["junco"], by_junco(name, Path(folder), rows))
    return best


def load(name: str) -> Work:
    """One store's work."""
    return lambda count: timed(name, count)


if __name__ == "__main__":
    serve({name: partial(load, name) for name in BY_HAND}, {})

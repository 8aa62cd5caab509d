"""The worker of ``search.py``: a set in a file asked with a vector, or the same product by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve, timed

COUNT = 10
BLOCK_BYTES = 32_000_000


def questions(number: int, dim: int) -> Any:
    """Vectors that no row is like."""
    return np.random.default_rng(number).normal(size=(number, dim)).astype(np.float32)


def in_file() -> Work:
    """junco: a Parquet file opened anew for each request, then asked."""
    from junco import open_set

    def work(path: str, rows: int, dim: int, number: int) -> dict[str, Any]:
        opened_s, stored = timed(lambda: open_set(path))
        wanted = questions(number, dim)
        first_s, _ = timed(lambda: stored.search(wanted[0], COUNT))
        seconds, found = timed(lambda: [stored.search(each, COUNT) for each in wanted])
        return _read(opened_s + first_s, seconds / number, [[hit.row for hit in hits] for hits in found])

    return work


def in_memory() -> Work:
    """numpy, as one writes it: an array of unit rows in memory, one product, the largest sorted."""
    kept: dict[str, Any] = {}

    def work(path: str, rows: int, dim: int, number: int) -> dict[str, Any]:
        first_s, units = timed(lambda: kept.get(path) if path in kept else kept.setdefault(path, _array(path, dim)))
        wanted = questions(number, dim)
        seconds, found = timed(lambda: [_largest(units @ _unit(each)) for each in wanted])
        return _read(first_s, seconds / number, found)

    return work


def bare() -> Work:
    """The products alone, in the same blocks of the same mapped file: what search cannot be faster than."""

    def work(path: str, rows: int, dim: int, number: int) -> dict[str, Any]:
        units = np.load(Path(path).with_name(f".{Path(path).name}.units.npy"), "r")
        step = BLOCK_BYTES // 4
        wanted = questions(number, dim)

        def products() -> None:
            for each in wanted:
                for start in range(0, rows, step):
                    units[start : start + step] @ each

        products()  # brings the pages in
        seconds, _ = timed(products)
        return _read(0.0, seconds / number, [])

    return work


def near_duplicates() -> Work:
    """junco: groups of rows with a cosine of 0.95 and more."""
    from junco import open_set

    def work(path: str, rows: int, dim: int, number: int) -> dict[str, Any]:
        seconds, groups = timed(lambda: open_set(path).similar(0.95))
        return _read(0.0, seconds, [[len(group)] for group in groups])

    return work


def _array(path: str, dim: int) -> Any:
    import pyarrow.parquet as pq

    flat = pq.read_table(path, columns=["vector"]).column("vector").combine_chunks().flatten()
    return np.stack([_unit(row) for row in flat.to_numpy().reshape(-1, dim)])


def _unit(row: Any) -> Any:
    return row / np.linalg.norm(row)


def _largest(scores: Any) -> list[int]:
    found = np.argpartition(-scores, COUNT)[:COUNT]
    return [int(row) for row in found[np.argsort(-scores[found])]]


def _read(first_s: float, seconds: float, rows: list[list[int]]) -> dict[str, Any]:
    lines = Path("/proc/self/status").read_text().splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    own = int(status["RssAnon"][0]) / 1024
    return {"first_s": first_s, "seconds": seconds, "rows": rows, "own_mib": own}


if __name__ == "__main__":
    serve(
        {
            "junco": in_file,
            "numpy in memory": in_memory,
            "bare products": bare,
            "junco, near-duplicates": near_duplicates,
        },
        {"junco": ["pyarrow"]},
    )

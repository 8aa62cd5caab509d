"""The worker of ``job_again.py``: a job, the same again, and once more with some rows changed."""

from __future__ import annotations

import resource
import tempfile
import time
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from serving import Work, serve

DIM, NUM_NUMBERS = 64, 2**22


def vector(text: str) -> Any:
    """The cheap operator: some of many random numbers, which depend on the text."""
    start = zlib.crc32(text.encode()) % (NUM_NUMBERS - DIM)
    return _NUMBERS[start : start + DIM]


_NUMBERS = np.random.default_rng(0).standard_normal(NUM_NUMBERS, np.float32)


def source_of(kind: str, folder: Path, texts: list[str]) -> Any:
    """The texts as a list, a table, or as they are."""
    if kind == "a list":
        (folder / "texts.txt").write_text("".join(f"{text}\n" for text in texts))
        return folder / "texts.txt"
    if kind == "a table":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": texts}), folder / "texts.parquet")
        return folder / "texts.parquet"
    return texts


def again(kind: str, count: int) -> dict[str, float]:
    """Seconds of each turn, and what is on the disk after the first."""
    from junco import pipe

    texts = [f"text number {n:09}" for n in range(count)]
    answer: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, pipe.input("text").map("text", "v", vector).output("v") as p:
        folder = Path(name)
        p.run(["warm"], folder / "warm.parquet", progress=False)
        for turn in ("first run", "nothing new", "one in a thousand changed"):
            if turn.startswith("one"):
                texts[::1000] = [f"changed {text}" for text in texts[::1000]]
            source = source_of(kind, folder, texts)
            started_s = time.perf_counter()
            p.run(source, folder / "v.parquet", progress=False)
            answer[turn] = time.perf_counter() - started_s
            if turn == "nothing new":
                answer["target"] = (folder / "v.parquet").stat().st_size
                answer["journal"] = (folder / ".v.parquet.junco" / "journal").stat().st_size
    return answer | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def load(kind: str) -> Work:
    """One source's work."""
    return lambda count: again(kind, count)


if __name__ == "__main__":
    serve({kind: partial(load, kind) for kind in ("a list", "a table", "an iterable")}, {})

"""How fast is exact search in a file of vectors, beside numpy with the rows in memory and beside the bare products?

A million rows of 384 numbers in Parquet, ten answers a question; then near-duplicates among 100,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from measure import DATA, Contestant, Race, Worker, main, median, ratio_of_rounds, spread
from results import Report, number

CONTESTANTS = [Contestant(name, "search") for name in ("junco", "numpy in memory", "bare products")]
DIM, BLOCK_ROWS = 384, 10_000
QUESTIONS, ROUNDS = 20, 5


def measure(report: Report) -> None:
    """Search in turns; near-duplicates once."""
    rows, few = (25_000, 2_000) if report.quick else (1_000_000, 100_000)
    search(report, vectors_file(rows), rows)
    similar(report, vectors_file(few), few)


def vectors_file(rows: int) -> Path:
    """Rows of a normal distribution, every tenth near the one before it; written once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = DATA / f"rows-{rows}.parquet"
    if path.exists():
        return path
    random = np.random.default_rng(rows)
    fields = [("input", pa.string()), ("vector", pa.list_(pa.field("element", pa.float32()), DIM))]
    with pq.ParquetWriter(path, schema := pa.schema(fields)) as file:
        for start in range(0, rows, BLOCK_ROWS):
            block = random.normal(size=(min(BLOCK_ROWS, rows - start), DIM)).astype(np.float32)
            block[1::10] = block[::10] + 0.1 * block[1::10]
            names = pa.array([f"row {start + at}" for at in range(len(block))])
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), type=schema.field(1).type)
            file.write_table(pa.table([names, vectors], schema))
    return path


def search(report: Report, path: Path, rows: int) -> None:
    """Each question by itself."""
    with Race(report).add(CONTESTANTS) as race:
        answers = race.run(1 if report.quick else ROUNDS, path=str(path), rows=rows, dim=DIM, number=QUESTIONS)
    ours, by_hand = answers["junco"], answers["numpy in memory"]
    assert ours[0]["rows"] == by_hand[0]["rows"], "the same rows, in the same order"
    report.ratio(
        "search: junco's time ÷ numpy's with the rows in memory", 1 / ratio_of_rounds(ours, by_hand), at_most=1.2
    )
    share = ratio_of_rounds(ours, answers["bare products"])
    report.ratio("search: junco's rate ÷ the bare products'", share, at_least=0.8)
    report.ratio("search: MiB that are junco's own", max(each["own_mib"] for each in ours), at_most=500)
    table = [
        [name, number(1e3 * median(got)), spread(got), number(median(got, "first_s")), number(median(got, "own_mib"))]
        for name, got in answers.items()
    ]
    columns = ["who", "ms a question", "rounds", "opened and first asked, s", "own memory, MiB"]
    report.table(f"Search in {rows:,} × {DIM}", columns, table)


def similar(report: Report, path: Path, rows: int) -> None:
    """All pairs, by blocks."""
    with Worker(Contestant("junco, near-duplicates", "search")) as worker:
        answer = worker.ask(path=str(path), rows=rows, dim=DIM, number=0)
    assert answer["rows"] == [[2]] * (rows // 10)
    if not report.quick:
        report.ratio(f"near-duplicates among {rows:,}: seconds", answer["seconds"], at_most=60)
    line = [f"{rows:,}", number(answer["seconds"]), number(answer["own_mib"])]
    report.table("Near-duplicates, above 0.95", ["rows", "seconds", "own memory, MiB"], [line])


if __name__ == "__main__":
    main("search", "Search in a file of vectors", measure)

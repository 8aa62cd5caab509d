"""How long does it take to put rows into a vector store, and how long with its driver's bulk way by hand?"""

from __future__ import annotations

from measure import Contestant, Worker, WorkerError, main
from results import Report, number

STORES = ("lancedb", "faiss", "milvus")


def measure(report: Report) -> None:
    """Each store in a process of its own."""
    count = 500 if report.quick else 20_000
    rows: list[list[str]] = []
    for store in STORES:
        try:
            with Worker(Contestant(store, "stores")) as worker:
                answer = worker.ask(count=count)
        except WorkerError as error:
            report.miss(store, error)
            continue
        rows.append([store, f"{count:,}", number(answer["hand"]), number(answer["junco"])])
        report.ratio(f"{store}: junco ÷ by hand", answer["junco"] / answer["hand"], at_most=1.1)
    report.table("Seconds", ["store", "rows of 384 numbers", "by hand", "junco"], rows)
    report.notes.append("the collection is made and all rows are put in; an index that is built after that is left out")


if __name__ == "__main__":
    main("stores", "Rows into vector stores", measure)

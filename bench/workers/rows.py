"""Contestants of ``row_overhead.py``: the same trivial functions as generators, and as junco and Towhee pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from serving import Work, median_of, serve

Run = Callable[[], Any]


def add_one(number: int) -> int:
    """The trivial operator."""
    return number + 1


def is_even(number: int) -> bool:
    """The trivial predicate."""
    return number % 2 == 0


def count_up(num_rows: int) -> Iterator[int]:
    """The trivial source of rows."""
    yield from range(num_rows)


def generators() -> Work:
    """What one would write by hand."""

    def mapped(rows: Iterable[int]) -> Iterator[int]:
        for row in rows:
            yield add_one(row)

    def with_columns(num_rows: int, count: int) -> int:
        rows: Iterable[tuple[int, ...]] = ((row,) * count for row in range(num_rows))
        rows = (tuple(add_one(value) for value in row) for row in rows)
        return sum(1 for _ in rows)

    def chain(num_rows: int, num_nodes: int) -> Iterable[int]:
        rows: Iterable[int] = range(num_rows)
        for _ in range(num_nodes):
            rows = mapped(rows)
        return rows

    def make(case: str, num_rows: int, count: int) -> Run:
        if case == "stream":
            return lambda: len([row for row in mapped(count_up(num_rows)) if is_even(row)])
        if case == "batch":
            return lambda: list(chain(num_rows, 4))
        if case == "columns":
            return lambda: with_columns(num_rows, count)
        return lambda: sum(1 for _ in chain(num_rows, count if case == "nodes" else 4))

    return _work(make)


def junco() -> Work:
    """Pipelines of junco."""
    from junco import pipe

    def chain(num_nodes: int) -> Any:
        built = pipe.input("x")
        for _ in range(num_nodes):
            built = built.map("x", "x", add_one)
        return built.output("x")

    def with_columns(num_columns: int) -> Any:
        names = tuple(f"c{number}" for number in range(num_columns))
        built = pipe.input(*names)
        for name in names:
            built = built.map(name, name, add_one)
        return built.output(*names)

    def wide(num_rows: int, count: int) -> Iterator[Any]:
        return (row if count == 1 else (row,) * count for row in range(num_rows))

    def make(case: str, num_rows: int, count: int) -> Run:
        if case == "stream":
            p = _grouping(pipe)
            return lambda: p(num_rows)
        if case == "batch":
            p = chain(4)
            return lambda: p.batch(range(num_rows))
        if case == "columns":
            p = with_columns(count)
            return lambda: sum(1 for _ in p.stream(wide(num_rows, count)))
        p = chain(count if case == "nodes" else 4)
        return lambda: sum(1 for _ in p.stream(range(num_rows)))

    return _work(make)


def towhee() -> Work:
    """Towhee pipelines."""
    from towhee import pipe

    def make(case: str, num_rows: int, count: int) -> Run:
        if case == "stream":
            p = _grouping(pipe)
            return lambda: p(num_rows).get()[0]
        built = pipe.input("x")
        for _ in range(4):
            built = built.map("x", "x", add_one)
        p = built.output("x")
        return lambda: [result.get()[0] for result in p.batch(list(range(num_rows)))]

    return _work(make)


def _grouping(pipe: Any) -> Any:
    """flat_map, map, filter, window_all; junco and Towhee agree on the argument order."""
    return (
        pipe.input("n")
        .flat_map("n", "x", count_up)
        .map("x", "y", add_one)
        .filter("y", "y", "y", is_even)
        .window_all("y", "count", len)
        .output("count")
    )


def _work(make: Callable[[str, int, int], Run]) -> Work:
    made: dict[tuple[str, int, int], Run] = {}

    def work(case: str, num_rows: int, count: int = 0) -> dict[str, Any]:
        key = case, num_rows, count
        run = made.get(key) or made.setdefault(key, make(*key))
        seconds, result = median_of(run)
        expected = {"stream": num_rows // 2, "batch": list(range(4, num_rows + 4))}.get(case, num_rows)
        if result != expected:
            raise AssertionError(f"a wrong result in {case}")
        return {"seconds": seconds}

    return work


if __name__ == "__main__":
    serve({"generators": generators, "junco": junco, "towhee": towhee}, {"towhee": ["towhee"]})

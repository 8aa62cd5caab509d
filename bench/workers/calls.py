"""Contestants of ``call_overhead.py``: n operators that add one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serving import Work, median_of, serve


def add_one(number: int) -> int:
    """The trivial operator."""
    return number + 1


def plain() -> Work:
    """A chain of function calls."""

    def chain(functions: list[Callable[[int], int]]) -> Callable[[int], int]:
        def call(number: int) -> int:
            for function in functions:
                number = function(number)
            return number

        return call

    return _work(lambda count: chain([add_one] * count))


def junco() -> Work:
    """A pipeline of junco."""
    from junco import pipe

    def make(count: int) -> Callable[[int], int]:
        built = pipe.input("x")
        for _ in range(count):
            built = built.map("x", "x", add_one)
        return built.output("x")

    return _work(make)


def towhee() -> Work:
    """A Towhee pipeline."""
    from towhee import pipe

    def make(count: int) -> Callable[[int], int]:
        built = pipe.input("x")
        for _ in range(count):
            built = built.map("x", "x", add_one)
        made = built.output("x")
        return lambda number: made(number).get()[0]

    return _work(make)


def _work(make: Callable[[int], Callable[[int], int]]) -> Work:
    made: dict[int, Callable[[int], int]] = {}

    def work(num_operators: int, num_calls: int) -> dict[str, Any]:
        call = made.get(num_operators) or made.setdefault(num_operators, make(num_operators))
        assert call(0) == num_operators
        seconds, _ = median_of(lambda: [call(number) for number in range(num_calls)])
        return {"seconds": seconds / num_calls}

    return work


if __name__ == "__main__":
    serve({"plain functions": plain, "junco": junco, "towhee": towhee}, {"towhee": ["towhee"]})

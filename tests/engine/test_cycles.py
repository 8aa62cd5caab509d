"""A callable that holds the pipeline that it stands in: both go when nobody else has them."""

from __future__ import annotations

import functools
import gc
import weakref

import pytest

from junco import Hints, Operator, pipe


class Holder:
    """Holds a pipeline that one of its own callables stands in."""

    def same(self, x):
        return x

    def rows(self, x):
        return [x]

    def fold(self, values):
        return list(values)

    __call__ = same


class Holding(Operator, family="test", name="test-holding"):
    def batch(self, rows):
        return list(rows)


class HoldingState(Operator, family="test", name="test-holding-state"):
    hints = Hints(stateful=True)

    def state(self):
        return [self.holder]

    def batch(self, rows, *, state):
        return list(rows)


def of_operator(kind):
    def made(holder):
        operator = kind()
        operator.holder, holder.operator = holder, operator
        return pipe.input("x").map("x", "y", operator).output("y")

    return made


def nested(holder):
    inner = pipe.input("x").flat_map("x", "y", holder.rows).output("y")
    return pipe.input("x").flat_map("x", "y", inner).output("y")


start = pipe.input("x")
KINDS = {
    "object": lambda holder: start.map("x", "y", holder).output("y"),
    "method": lambda holder: start.map("x", "y", holder.same).output("y"),
    "lambda": lambda holder: start.map("x", "y", lambda x: (holder, x)[1]).output("y"),
    "partial": lambda holder: start.map("x", "y", functools.partial(Holder.same, holder)).output("y"),
    "workers": lambda holder: start.map("x", "y", holder, workers=3).output("y"),
    "rows": lambda holder: start.flat_map("x", "y", holder.rows).output("y"),
    "filter": lambda holder: start.filter("x", "x", "x", holder.same).output("x"),
    "window": lambda holder: start.flat_map("x", "y", holder.rows).window("y", "z", 1, 1, holder.fold).output("z"),
    "reduce": lambda holder: start.flat_map("x", "y", holder.rows).reduce("y", "z", holder.fold).output("z"),
    "operator": of_operator(Holding),
    "state": of_operator(HoldingState),
    "pipeline": nested,
}


def part_of_a_stream(p):
    next(p.stream(iter([1, 2, 3])))


USES = {
    "a call": lambda p: p(1),
    "a deadline": lambda p: p(1, timeout_s=30),
    "a batch": lambda p: p.batch([1, 2]),
    "part of a stream": part_of_a_stream,
    "nothing": lambda p: None,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_callables_and_their_own_pipelines_are_collected(use):
    alive = {}
    for name, kind in KINDS.items():
        holder = Holder()
        holder.pipeline = kind(holder)
        use(holder.pipeline)
        alive[name] = weakref.ref(holder)
    del holder
    for _ in range(3):  # what ran for it in another thread may just be ending
        gc.collect()
    assert [name for name, ref in alive.items() if ref() is not None] == []

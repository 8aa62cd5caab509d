"""Pipelines in steps: spliced or called by the batch, they are callables like any other."""

from __future__ import annotations

import pytest

from junco import Hints, Operator, OperatorError, ops, pipe
from ways import EVERY_WAY


class Model(Operator, family="nested-test", name="model"):
    hints = Hints(max_batch=64)

    def batch(self, numbers):
        Model.sizes.append(len(numbers))
        return [number + 1 for number in numbers]


Model.sizes = []


def single():
    """One row for an item."""
    return pipe.input("x").map("x", "y", ops.nested_test.model(), name="model").output("y")


def listed():
    """A list for an item; negative numbers fail in it."""

    def checked(n):
        if n < 0:
            raise ValueError("negative")
        return n

    rows = pipe.input("n").flat_map("n", "i", lambda n: range(abs(n)))
    return rows.map(("n", "i"), "n", lambda n, i: n if n > 0 else -i, name="sign").map("n", "n", checked).output("n")


@EVERY_WAY
def test_one_that_gives_a_list_gives_it_under_map(way):
    p = pipe.input("n").map("n", "list", listed()).output("n", "list")
    assert [tuple(row) for row in way(p, [2, 0, 3])] == [(2, [2, 2]), (0, []), (3, [3, 3, 3])]


@EVERY_WAY
def test_one_that_gives_a_list_gives_rows_under_flat_map(way):
    p = pipe.input("n").flat_map("n", "m", listed()).output("n", "m")
    rows = [[tuple(row) for row in each] for each in way(p, [2, 0, 3])]
    assert rows == [[(2, 2)] * 2, [], [(3, 3)] * 3]


@pytest.mark.parametrize("verb", ["map", "flat_map"])
def test_a_row_for_which_anything_in_it_fails_is_a_row_that_fails(verb):
    p = getattr(pipe.input("n"), verb)("n", "m", listed(), name="inner").output("m")
    rejects = []
    expected = [[1], [2, 2]]
    assert p.batch([1, -3, 2], on_error="skip", rejects=rejects.append) == expected
    assert [(reject.position, reject.node) for reject in rejects] == [(1, "inner")]
    with pytest.raises(OperatorError, match=r"'inner'.*'checked'.*negative") as caught:
        p.batch([1, -3, 2])
    assert caught.value.position == 1
    assert isinstance(caught.value.__cause__, OperatorError)
    assert isinstance(caught.value.__cause__.__cause__, ValueError)


@pytest.mark.parametrize("verb", ["map", "flat_map"])
def test_batches_within_fill_across_rows(verb):
    inner = pipe.input("x").flat_map("x", "x", lambda x: [x] * 2).map("x", "y", ops.nested_test.model()).output("y")
    p = getattr(pipe.input("xs").flat_map("xs", "x", lambda xs: xs), verb)("x", "y", inner).output("y")
    Model.sizes.clear()
    given = p(list(range(300)))
    flat = given if verb == "flat_map" else [value for values in given for value in values]
    assert flat == [x + 1 for x in range(300) for _ in range(2)]
    assert len(Model.sizes) < 60


def test_one_of_single_rows_is_as_if_it_were_written_out():
    Model.sizes.clear()
    p = pipe.input("x").map("x", "y", single(), name="inner").output("y")
    assert p.batch(range(300)) == list(range(1, 301))
    assert len(Model.sizes) < 15
    assert [node.name for node in p.plan.graph.nodes] == ["inner/model"]


def test_a_long_item_is_drawn_as_it_is_needed():
    drawn = []

    def numbers(n):
        for i in range(n):
            drawn.append(i)
            yield i

    inner = pipe.input("n").flat_map("n", "i", numbers).output("i")
    rows = pipe.input("n").flat_map("n", "i", inner).output("i").rows([1_000_000])
    assert [next(rows).row for _ in range(10)] == list(range(10))
    rows.close()
    assert len(drawn) < 200_000


def test_pipelines_lie_in_pipelines_as_deep_as_one_likes():
    p = single()
    for _ in range(40):
        p = pipe.input("x").map("x", "x", p).output("x")
    assert p.batch([1, 2]) == [2, 3]
    q = listed()
    for _ in range(10):
        q = pipe.input("n").flat_map("n", "n", q).output("n")
    assert q(1) == [1]

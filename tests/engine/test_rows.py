"""`Pipeline.rows`: the rows of items as they come, and the type of a row."""

from __future__ import annotations

import copy
import itertools
import pickle
import threading

import numpy as np
import pytest
from tests.engine.test_memory import Alive

from junco import pipe
from junco.engine.options import RunOptions
from junco.engine.pieces import PieceSize
from junco.engine.row import row_type
from junco.errors import ContractError, InputError, OperatorError
from junco.types import Vector


def counted(name="n"):
    return pipe.input("x").flat_map("x", name, range)


def until(limit):
    """As many numbers as asked for; after ``limit`` of them it fails."""

    def numbers(x):
        for n in range(x):
            if n == limit:
                raise ValueError("too many")
            yield n

    return numbers


def test_rows_come_in_order_each_with_the_position_of_its_item():
    with counted().map("n", "y", lambda n: -n).output("x", "n", "y") as p:
        rows = list(p.rows([2, 0, 3]))
    assert [(row.position, row.row.n) for row in rows] == [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)]
    assert [position for position, _ in rows] == [0, 0, 2, 2, 2]
    assert rows[1].row == (2, 1, -1)


def test_of_one_output_column_a_row_is_the_value_and_of_none_it_is_nothing():
    with pipe.input("x").map("x", "y", abs).output("y") as p:
        assert list(p.rows([-1, 2])) == [(0, 1), (1, 2)]


@pytest.mark.parametrize("num_rows", [0, 1, 999, 20_000])
def test_rows_are_those_of_batch(num_rows):
    with counted().filter("n", "n", "n", lambda n: n % 3).output("n") as p:
        items = [num_rows, 2, 0, num_rows]
        expected = [(at, n) for at, values in enumerate(p.batch(items)) for n in values]
        assert list(p.rows(items)) == expected


def test_an_item_without_end_is_read_as_far_as_it_is_wanted():
    alive = Alive()
    with pipe.input("x").flat_map("x", "n", lambda x: map(alive.row, itertools.count())).output("n") as p:
        rows = p.rows([0])
        for _ in range(30_000):
            next(rows)
        assert alive.most < 10_000
        rows.close()


@pytest.fixture(params=[1, 8, 700, 50_000])
def piece_rows(request, monkeypatch):
    """In pieces of so many rows."""
    monkeypatch.setattr("junco.engine.expand.PieceSize.START", request.param)
    monkeypatch.setattr("junco.engine.expand.PieceSize.LARGEST", max(100, request.param))


@pytest.mark.usefixtures("piece_rows")
def test_of_an_item_that_fails_later_all_rows_before_are_given_then_its_reject_is_told():
    told, rejects = [], []
    with pipe.input("x").flat_map("x", "n", until(15_000)).output("n") as p:
        for position, _ in p.rows([3, 20_000, 2], on_error="skip", rejects=lambda r: told.append(r.is_item)):
            told.append(position)
        blanks = list(p.rows([3, 20_000, 2], on_error="none", rejects=rejects.append))
        with pytest.raises(OperatorError, match="too many") as failure:
            list(p.rows([3, 20_000, 2]))
    assert failure.value.position == 1
    assert told[:15_004] == [0] * 3 + [1] * 15_000 + [True]
    assert sorted(told[15_004:]) == [2, 2]
    assert [(reject.position, reject.is_item) for reject in rejects] == [(1, True)]
    assert [row for row in blanks if row[0] == 1] == [*((1, n) for n in range(15_000)), (1, None)]


@pytest.mark.usefixtures("piece_rows")
def test_what_comes_of_the_rows_before_a_failure_is_given_too_as_far_as_it_is_whole():
    numbers = pipe.input("x").flat_map("x", "n", until(5_000))
    parts = numbers.flat_map("n", "part", lambda n: range(n % 3)).window_all("part", "sum", sum, per="n").output("sum")
    tens = numbers.window("n", "ten", 10, 10, len).output("ten")
    with parts, tens:
        assert sum(at == 1 for at, _ in parts.rows([3, 6_000, 4], on_error="skip")) == 5_000
        assert list(tens.rows([15, 6_000], on_error="skip")) == [(0, 10), (0, 5)] + [(1, 10)] * 500


def test_a_reject_keeps_its_place_also_where_all_blocks_come_at_once():
    is_over = threading.Event()

    def numbers(x):
        yield from until(50)(x)
        if x == 3:
            is_over.set()

    told = []
    with pipe.input("x").flat_map("x", "n", numbers).output("n") as p:
        rows = p.rows([60, 3], on_error="skip", rejects=told.append, timeout_s=30)
        assert next(rows) == (0, 0)
        assert is_over.wait(30)  # other threads have made all blocks
        assert list(itertools.islice(rows, 49)) == [(0, n) for n in range(1, 50)]
        assert told == []
        assert list(rows) == [(1, 0), (1, 1), (1, 2)]
        assert [reject.position for reject in told] == [0]


def test_an_item_that_fails_on_level_0_has_one_empty_row_or_none():
    with pipe.input("x").map("x", "y", lambda x: 1 // x).output("y") as p:
        assert list(p.rows([1, 0, 1], on_error="none")) == [(0, 1), (1, None), (2, 1)]
        assert list(p.rows([1, 0, 1], on_error="skip")) == [(0, 1), (2, 1)]


def test_closing_the_rows_ends_the_run_and_a_text_is_no_list_of_items():
    with counted().output("n") as p:
        with p.rows(itertools.repeat(5)) as rows:
            assert next(rows) == (0, 0)
        assert len(list(rows)) < 5, "what had come is still there"
        with pytest.raises(InputError, match="is one"):
            p.rows("a text")
        with pytest.raises(InputError, match="on_error"):
            p.rows([1], on_error="ignore")


# ---- the type of a row


def test_a_row_is_a_tuple_whose_columns_keep_their_names():
    row = row_type(("class", "frame.time_s", "count"))("cat", 0.5, 3)
    assert row == ("cat", 0.5, 3)
    assert (row["class"], row["frame.time_s"], row.count, row[0]) == ("cat", 0.5, 3, "cat")
    assert repr(row) == "Row(class='cat', frame.time_s=0.5, count=3)"
    assert row._fields == ("class", "frame.time_s", "count")
    assert row._asdict() == {"class": "cat", "frame.time_s": 0.5, "count": 3}
    assert row._replace(count=4) == ("cat", 0.5, 4)
    with pytest.raises(KeyError):
        row["box"]
    with pytest.raises(ValueError, match="box"):
        row._replace(box=1)


def test_a_row_is_made_by_place_or_name_and_not_with_too_few_values():
    kind = row_type(("a", "b"))
    assert kind(1, b=2) == kind(b=2, a=1) == kind._make([1, 2]) == (1, 2)
    for wrong in ([1], [1, 2, 3]):
        with pytest.raises(TypeError, match="a, b"):
            kind(*wrong)


def test_a_row_can_be_copied_pickled_hashed_and_matched():
    row = row_type(("a", "b"))(1, [2])
    assert pickle.loads(pickle.dumps(row)) == row
    assert type(pickle.loads(pickle.dumps(row))) is type(row)
    assert copy.deepcopy(row).b is not row.b
    assert hash(row_type(("a",))(1)) == hash((1,))
    match row:
        case object(a=1, b=[two]):
            assert two == 2
        case _:
            pytest.fail("no match")


# ---- batch gives one array of vectors


def vector(x) -> Vector:
    if x < 0:
        raise ValueError(x)
    return np.full(3 if x < 9 else 4, x, np.float32)


def test_batch_gives_one_array_where_the_only_output_is_a_vector():
    with pipe.input("x").map("x", "v", vector).output("v") as p:
        found = p.batch([1, 2])
        assert isinstance(found, np.ndarray)
        assert found.tolist() == [[1, 1, 1], [2, 2, 2]]
        assert found.dtype == np.float32
        assert p.batch([]).shape == (0, 0)
        assert p.batch([1, -1, 2], on_error="skip").shape == (2, 3)
        blanks = p.batch([1, -1], on_error="none")
        assert isinstance(blanks, list)
        assert blanks[1] is None
        with pytest.raises(
            ContractError, match=r"'v' holds vectors, all of one shape .*\(3,\) float32 \(first at 0\), "
        ):
            p.batch([1, 9])


def test_batch_gives_a_list_where_there_may_be_several_vectors_or_other_columns():
    flow = pipe.input("x").map("x", "v", vector)
    for p in (
        flow.output("x", "v"),
        flow.filter("v", "v", "x", bool).output("v"),
        pipe.input("x").flat_map("x", "n", range).map("n", "v", vector).output("v"),
        pipe.input("x").map("x", "v", lambda x: np.zeros(3)).output("v"),
    ):
        with p:
            assert isinstance(p.batch([1, 2]), list)


# ---- a pipeline without output columns


def test_without_output_columns_each_item_gives_nothing_whatever_its_steps_did_to_its_rows():
    seen = []
    flow = pipe.input("x").filter("x", "x", "x", lambda x: x != 3).map("x", "y", lambda x: 1 // x)
    with flow.map("y", (), seen.append).output() as p:
        assert p(1) is None
        assert p.batch([1, 3, 1]) == [None] * 3
        assert list(p.rows([1, 3])) == [(0, None), (1, None)]
        assert p.batch([1, 0, 1], on_error="skip") == [None] * 2
        assert p.batch([1, 0], on_error="none") == [None] * 2
        assert list(p.rows([1, 0, 1], on_error="skip")) == [(0, None), (2, None)]
        assert list(p.rows([1, 0, 1], on_error="none")) == [(0, None), (1, None), (2, None)]
        with pytest.raises(OperatorError):
            p.batch([1, 0])
    assert set(seen) == {1}


def test_a_reject_is_told_after_the_rows_that_came_before_it_were_given_even_where_all_is_ready_at_once():
    seen = []
    with pipe.input("x").flat_map("x", "n", until(20)).output("n") as p:
        run = p._engine.run([30], RunOptions("skip", rejected=lambda reject: seen.append("reject"), by_rows=True))
        while run.run_task():
            pass
        for rows in run:
            seen += rows.values
    *given, last = seen
    assert last == "reject"
    assert given == list(range(len(given))) != []


@pytest.mark.parametrize("most", [1, 7, 64, 1000])
def test_how_many_rows_come_of_a_row_that_fails_later_does_not_depend_on_pieces(monkeypatch, most):
    """Of a clip that is cut off after 150 frames, 150 frames are there, and all frames of the other clips."""
    for size in ("SMALLEST", "START", "LARGEST"):
        monkeypatch.setattr(PieceSize, size, most)

    def frames(count):
        for number in range(count):
            if (count, number) == (200, 150):
                raise ValueError("cut off")
            yield number

    flow = pipe.input("x").flat_map("x", "count", lambda x: [10, 200, 5]).flat_map("count", "frame", frames)
    with flow.output("frame") as p:
        assert [len(p.batch([0], on_error="skip")[0]), len([*p.rows([0], on_error="skip")])] == [165, 165]


@pytest.mark.parametrize("most", [1, 7, 64, 1000])
def test_how_many_windows_come_of_a_scope_that_fails_later_does_not_depend_on_pieces(monkeypatch, most):
    """Of a clip whose 151st time makes no sense, the windows are there that were over before it."""
    for size in ("SMALLEST", "START", "LARGEST"):
        monkeypatch.setattr(PieceSize, size, most)

    def frames(count):
        for number in range(count):
            yield number, float(number) if (count, number) != (200, 150) else -1.0

    counts = pipe.input("x").flat_map("x", "count", lambda x: [10, 200, 5])
    timed = counts.flat_map("count", ("frame", "time"), frames)
    with timed.time_window("frame", "num", "time", 1.0, 1.0, len, per="count").output("num") as p:
        assert len(p.batch([0], on_error="skip")[0]) == 10 + 149 + 5

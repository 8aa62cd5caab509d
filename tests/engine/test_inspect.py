"""`Pipeline.inspect`: every step's rows and values for one item."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from junco import Hints, Operator, pipe
from junco.errors import ClosedError, InputError, UnknownNameError
from junco.types import Box, Chunk, VideoFrame


def frames(count):
    for index in range(count):
        yield VideoFrame(np.full((32, 48, 3), index, np.uint8), index / 5, index)


def boxes(frame):
    return [Box(1, 2, 11 + number, 12, "cat") for number in range(frame.index)]


FILM = (
    pipe.input("count")
    .flat_map("count", "frame", frames, name="decode")
    .filter("frame", "frame", "frame", lambda frame: frame.index != 1, name="some")
    .flat_map("frame", "box", boxes, name="detect")
    .map("box", "width", lambda box: box.x1 - box.x0, name="measure")
    .window_all("width", "widths", list, per="frame", name="gather")
    .output("frame", "widths")
)


def values(step):
    return [tuple(value.value for value in row.values) for row in step.rows]


def labels(step):
    return [row.label for row in step.rows]


def test_each_step_says_what_it_did_in_the_order_of_the_graph():
    seen = FILM.inspect(4)
    said = [(step.name, step.verb, step.level, step.out_level, step.num_in, step.num_out) for step in seen.steps]
    assert said == [
        ("decode", "flat_map", 0, 1, 1, 4),
        ("some", "filter", 1, 1, 4, 3),
        ("detect", "flat_map", 1, 2, 3, 5),
        ("measure", "map", 2, 2, 5, 5),
        ("gather", "window_all", 2, 1, 5, 3),
    ]
    assert all(step.seconds >= 0 for step in seen.steps)
    assert seen["detect"].operator == "boxes"
    assert seen.outputs.num_out == len(FILM(4)) == 3


def test_a_step_is_found_by_its_name_or_the_nearest_is_named():
    assert FILM.inspect(1)["detect"].verb == "flat_map"
    with pytest.raises(UnknownNameError, match="detect"):
        FILM.inspect(1)["detct"]


def test_a_row_is_named_by_the_rows_that_it_came_from():
    seen = FILM.inspect(4)
    assert labels(seen["detect"]) == ["frame 2 › box 0", "frame 2 › box 1", *(f"frame 3 › box {i}" for i in range(3))]
    assert labels(seen["gather"]) == ["frame 0", "frame 2", "frame 3"]
    assert values(seen["gather"]) == [([],), ([10, 11],), ([10, 11, 12],)]


def test_a_filter_shows_what_it_decided_on_and_how():
    some = FILM.inspect(3)["some"]
    assert [(row.label, row.is_kept) for row in some.rows] == [("frame 0", True), ("frame 1", False), ("frame 2", True)]
    assert some.rows[1].values[0].value.index == 1


def test_a_box_knows_the_very_picture_that_it_is_in():
    for row in FILM.inspect(4)["measure"].rows:
        assert row.source is None  # a width is no box
    for row in FILM.inspect(4)["detect"].rows:
        assert row.source.value.index == dict(row.place)["frame"]


def test_a_chunk_knows_its_text():
    p = pipe.input("text").flat_map("text", "chunk", lambda text: [Chunk(text[:2], 0, 2)]).output("chunk")
    (row,) = p.inspect("abcd").outputs.rows
    assert row.source.value == "abcd"


def test_overwritten_and_unused_columns_are_seen():
    p = pipe.input("x").map("x", "x", lambda x: x + 1, name="a").map("x", "x", lambda x: x * 2, name="b").output("x")
    seen = p.inspect(3)
    assert [values(step) for step in (seen.inputs, *seen.steps, seen.outputs)] == [[(3,)], [(4,)], [(8,)], [(8,)]]


def test_a_step_that_works_in_place_does_not_change_what_was_seen_before():
    def doubled(array):
        array *= 2
        return array

    p = pipe.input("x").map("x", "a", lambda x: np.full(3, x), name="make").map("a", "b", doubled).output("b")
    assert p.inspect(1)["make"].rows[0].values[0].value.tolist() == [1, 1, 1]


def test_rows_that_fail_are_shown_with_their_place_and_later_steps_have_what_is_left():
    p = (
        pipe.input("n")
        .flat_map("n", "k", range, name="count")
        .map("k", "x", lambda k: 6 // (k - 1), name="divide")
        .window_all("x", "sum", sum, name="add")
        .output("sum")
    )
    seen = p.inspect(4)
    (failure,) = seen.failures
    assert failure.label == "k 1"
    assert failure.reason.startswith("ZeroDivisionError")
    assert failure.given == "1"
    assert labels(seen["divide"]) == ["k 0", "k 2", "k 3"]
    assert values(seen["add"]) == [(-6 + 6 + 3,)]


def test_an_item_that_fails_at_once_leaves_nothing_to_later_steps():
    p = pipe.input("x").map("x", "y", lambda x: 1 / x, name="a").map("y", "z", str, name="b").output("z")
    seen = p.inspect(0)
    assert [(step.num_in, step.num_out, step.num_failed) for step in seen.steps] == [(1, 0, 1), (0, 0, 0)]
    assert seen.outputs.num_out == 0
    assert "ZeroDivisionError" in str(seen)


def test_a_flat_map_that_fails_in_the_middle_says_where():
    def some(n):
        yield from range(n)
        raise OSError("broken")

    p = pipe.input("n").flat_map("n", "k", some, name="read").map("k", "x", str).output("x")
    read = p.inspect(3)["read"]
    assert (read.num_failed, read.failures[0].reason) == (1, "OSError: broken")


def test_only_the_first_rows_are_kept_and_all_are_counted():
    p = pipe.input("n").flat_map("n", "k", range, name="count").map("k", "x", str, name="write").output("x")
    seen = p.inspect(10_000, rows=3)
    assert [(step.num_out, len(step.rows)) for step in seen.steps] == [(10_000, 3), (10_000, 3)]
    assert "… 9,997 more rows" in str(seen)
    assert seen["count"].cut == ""


def test_an_endless_item_is_ended_and_its_generator_closed():
    closed = []

    def endless(x):
        try:
            yield from itertools.count()
        finally:
            closed.append(x)

    p = pipe.input("x").flat_map("x", "k", endless, name="watch").window_all("k", "n", len).output("n")
    seen = p.inspect(7, most_rows=50)
    assert (seen["watch"].num_out, closed) == (50, [7])
    assert "50 rows" in seen["watch"].cut
    assert values(seen.outputs) == [(50,)]
    assert "there are more" in str(p.inspect(7, most_rows=10**9, within_s=0.01))


def test_windows_and_reduce_are_numbered_within_their_scope():
    p = (
        pipe.input("n")
        .flat_map("n", "k", lambda n: iter(range(n)), name="count")
        .window("k", "pair", 2, 2, tuple, name="pairs")
        .reduce("pair", "sum", lambda pairs: sum(a for a, *_ in pairs), name="add")
        .output("sum")
    )
    seen = p.inspect(100, rows=100)
    assert labels(seen["pairs"])[:3] == ["pair 0", "pair 1", "pair 2"]
    assert (seen["pairs"].num_out, seen["add"].num_in, values(seen["add"])) == (50, 50, [(sum(range(0, 100, 2)),)])


def test_rows_spread_over_pieces_keep_one_number():
    p = (
        pipe.input("n")
        .flat_map("n", "a", range, name="outer")
        .flat_map("a", "b", lambda a: iter(range(40)), name="inner")
        .window_all("b", "bs", list, per="a", name="gather")
        .output("a", "bs")
    )
    seen = p.inspect(3, rows=200)
    assert labels(seen["inner"]) == [f"a {a} › b {b}" for a in range(3) for b in range(40)]
    assert values(seen["gather"]) == [(list(range(40)),)] * 3


def test_branches_that_meet_are_seen_each_with_its_own_rows():
    start = pipe.input("n").flat_map("n", "k", range, name="count")
    even = start.filter("k", "k", "k", lambda k: k % 2 == 0, name="even").map(
        "k", "half", lambda k: k // 2, name="half"
    )
    square = start.map("k", "square", lambda k: k * k, name="square")
    p = even.concat(square).output("half", "square")
    seen = p.inspect(5)
    assert [seen[name].num_out for name in ("even", "half", "square")] == [3, 3, 5]
    assert values(seen.outputs) == [(0, 0), (1, 4), (2, 16)]


def test_several_inputs_are_several_arguments():
    p = pipe.input("a", "b").map(("a", "b"), "c", lambda a, b: a + b).output("c")
    assert values(p.inspect(1, 2).inputs) == [(1, 2)]
    with pytest.raises(InputError, match="takes 2"):
        p.inspect(1)


class Slow(Operator, name="inspect-test.slow"):
    """Says when it was opened."""

    def open(self):
        self.factor = 2

    def batch(self, numbers):
        return [number * self.factor for number in numbers]


def test_opening_an_operator_is_no_part_of_the_time_that_rows_take():
    p = pipe.input("x").map("x", "y", Slow().spec, name="slow").output("y")
    seen = p.inspect(1)
    assert seen.load_seconds > 0
    assert values(seen["slow"]) == [(2,)]
    assert "(+ 12 s to load)" in str(replace(seen, load_seconds=12.0))
    assert "to load" not in str(replace(seen, load_seconds=1e-5))


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"rows": "5"}, {"most_rows": -1}, {"within_s": 0}, {"within_s": True}])
def test_limits_that_make_no_sense_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        FILM.inspect(1, **wrong)


def test_a_closed_pipeline_says_so():
    p = pipe.input("x").map("x", "y", str).output("y")
    p.close()
    with pytest.raises(ClosedError):
        p.inspect(1)


def test_values_too_large_to_keep_are_kept_in_part():
    p = pipe.input("x").map("x", "image", lambda x: np.zeros((3000, 4000, 3), np.uint8), name="make").output("image")
    (row,) = p.inspect(1)["make"].rows
    (value,) = row.values
    assert value.shape == (3000, 4000, 3)
    assert value.value.nbytes < 1_000_000
    assert "every 7th pixel" in value.note


def test_a_value_whose_class_misbehaves_does_not_hide_the_others():
    class Odd:
        __slots__ = ()

        def __repr__(self):
            raise RuntimeError

        def __getattr__(self, name):
            raise RuntimeError(name)

    p = pipe.input("x").map("x", "odd", lambda x: Odd(), name="make").map("odd", "y", lambda odd: 1).output("y")
    seen = p.inspect(1)
    assert "Odd" in str(seen)
    assert "Odd" in seen.html()


class Doubles(Operator, name="inspect-test.doubles"):
    """Gives a list for each number, in batches; has a state when asked for one."""

    def batch(self, numbers):
        if -1 in numbers:
            raise ValueError("no negative numbers")
        return [[number] * 2 for number in numbers]


def test_an_operator_that_makes_rows_in_batches_is_one_step():
    p = (
        pipe.input("n")
        .flat_map("n", "k", range, name="count")
        .map("k", "odd", lambda k: -1 if k == 2 else k, name="spoil")
        .flat_map("odd", "twice", Doubles().spec, name="double")
        .output("twice")
    )
    seen = p.inspect(4)
    assert [step.name for step in seen.steps] == ["count", "spoil", "double"]
    double = seen["double"]
    assert (double.num_in, double.num_out, double.num_failed) == (4, 6, 1)
    assert labels(double)[-1] == "k 3 › twice 1"
    assert [failure.label for failure in double.failures] == ["k 2"]
    assert p.inspect(4, most_rows=3)["double"].num_out == 3


def test_an_operator_with_a_state_begins_anew_and_leaves_runs_alone():
    class Running(Operator, name="inspect-test.running"):
        hints = Hints(stateful=True)

        def __init__(self):
            self.total = 0

        def batch(self, numbers):
            self.total += sum(numbers)
            return [self.total] * len(numbers)

    p = pipe.input("n").flat_map("n", "k", range).map("k", "total", Running().spec, name="add").output("total")
    before = p(3)
    assert values(p.inspect(3)["add"]) == values(p.inspect(3)["add"])
    assert p(3) == before


def test_looks_at_one_pipeline_from_many_threads_do_not_mix():
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: values(FILM.inspect(n, rows=100)["gather"]), [4, 5, 6] * 4))
    assert found == [values(FILM.inspect(n, rows=100)["gather"]) for n in [4, 5, 6] * 4]


def test_an_interrupt_ends_the_look_and_closes_generators():
    closed = []

    def rows(x):
        try:
            yield from range(100)
        finally:
            closed.append(x)

    def stop(k):
        if k == 20:
            raise KeyboardInterrupt
        return k

    p = pipe.input("x").flat_map("x", "k", rows).map("k", "y", stop).output("y")
    with pytest.raises(KeyboardInterrupt):
        p.inspect(1)
    assert closed == [1]


def test_fields_are_shown_as_they_were_read_and_those_that_are_missing_as_failures():
    def pieces(text):
        yield from (Chunk(text[:2], 0, 2), "no chunk")

    p = (
        pipe.input("text")
        .flat_map("text", "chunk", pieces, name="split")
        .filter("chunk", "chunk", "chunk", lambda chunk: True, name="all")
        .output("chunk.text", "chunk")
    )
    seen = p.inspect("abcd")
    assert seen.outputs.columns == ("chunk.text", "chunk")
    assert values(seen.outputs)[0][0] == "ab"
    assert (seen.num_failed, seen.failures[0].label) == (1, "chunk 1")
    assert "✗ chunk 1" in str(seen)


def test_windows_of_time_over_two_levels_count_the_rows_of_both():
    p = (
        pipe.input("n")
        .flat_map("n", "a", lambda n: [float(i) for i in range(n)], name="frames")
        .flat_map("n", "b", lambda n: [i / 2 for i in range(2 * n)], name="sounds")
        .time_window(("a", "b"), "both", ("a", "b"), 2, 2, lambda a, b: (a, b), name="w")
        .output("both")
    )
    seen = p.inspect(4)
    assert (seen["w"].num_in, seen["w"].num_out) == (4 + 8, 2)
    assert labels(seen["w"]) == ["both 0", "both 1"]


def test_a_pipeline_without_outputs_is_seen_too():
    done = []
    seen = pipe.input("x").map("x", (), done.append, name="do").output().inspect(5)
    assert done == [5]
    assert seen["do"].num_out == 1
    assert str(seen).endswith("→ nothing")
    assert "no columns" in seen.html()


class Hostile:
    """Raises whatever it is asked; whoever only wants to look at it must bear that."""

    kind: type[BaseException] = RuntimeError

    def __getattr__(self, name):
        raise self.kind("attribute")

    def __repr__(self):
        raise self.kind("repr")

    def __len__(self):
        raise self.kind("len")

    @property
    def __class__(self):
        raise self.kind("class")


class Exits(Hostile):
    kind = SystemExit


@pytest.mark.parametrize("kind", [Hostile, Exits])
@pytest.mark.parametrize("wrapped", [lambda value: value, lambda value: [value], lambda value: {"a": (value,)}])
def test_an_object_that_raises_whatever_it_is_asked_hides_nothing(kind, wrapped, tmp_path):
    p = pipe.input("x").flat_map("x", "y", lambda x: [wrapped(kind()), 7]).map("y", "z", lambda y: 1)
    p = p.window_all(("y", "z"), "all", lambda ys, zs: len(zs)).output("all")
    seen = p.inspect(wrapped(kind()))
    assert "7" in str(seen)
    assert [step.num_out for step in seen.steps] == [2, 2, 1]
    assert "7" in seen._repr_html_()
    seen.save(tmp_path / "seen.html")


@pytest.mark.parametrize("kind", [Hostile, Exits])
def test_a_row_fails_alone_whose_value_raises_whatever_it_is_asked(kind):
    p = pipe.input("x").map("x", "y", lambda x: kind() if x else x).map("y", "z", lambda y: 1 // (y == 0)).output("z")
    rejects = []
    assert p.batch([0, 1, 0], on_error="none", rejects=rejects.append) == [1, None, 1]
    assert kind.__name__ in str(rejects[0].error)

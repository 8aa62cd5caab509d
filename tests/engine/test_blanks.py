"""``on_error="none"`` where rows are grouped: a failed row has a place in groups of its own level, and only there."""

from __future__ import annotations

import pytest

from junco import pipe


def fails_on(*numbers):
    def checked(number):
        if number in numbers:
            raise ValueError(number)
        return number

    return checked


def pages(checks):
    """Two pages with two words each; the pages 20 and the words 11 fail."""
    return (
        pipe.input("book")
        .flat_map("book", "page", lambda book: [10, 20, 30])
        .map("page", "page", checks("page"), name="pages")
        .flat_map("page", "word", lambda page: [page, page + 1])
        .map("word", "word", checks("word"), name="words")
    )


def failing(name):
    return fails_on(20) if name == "page" else fails_on(11)


GROUPS = {
    "window_all": lambda rows: rows.window_all("word", "all", list).output("all"),
    "reduce": lambda rows: rows.reduce("word", "all", list).output("all"),
    "window": lambda rows: rows.window("word", "all", 9, 9, list).output("all"),
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_failed_row_keeps_its_place_in_a_group_and_rows_of_a_failed_one_are_in_none(group):
    found = GROUPS[group](pages(failing)).batch([0], on_error="none")
    words = [10, None, 30, 31]
    assert found == [[words] if group == "window" else words]


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_skipped_has_no_place_at_all(group):
    found = GROUPS[group](pages(failing)).batch([0], on_error="skip")
    assert found == [[[10, 30, 31]] if group == "window" else [10, 30, 31]]


def test_a_group_for_each_of_some_rows_has_the_place_of_the_row_that_failed():
    p = pages(failing).window_all("word", "words", list, per="page").output("page", "words")
    assert p.batch([0], on_error="none") == [[(10, [10, None]), None, (30, [30, 31])]]


def test_a_group_of_windows_sees_those_that_failed_and_none_of_a_failed_scope():
    def total(words):
        if words == [30]:
            raise ValueError(words)
        return sum(words)

    rows = pages(lambda name: fails_on(20) if name == "page" else fails_on())
    p = rows.window("word", "total", 1, 1, total, per="page").window_all("total", "all", list).output("all")
    assert p.batch([0], on_error="none") == [[10, 11, None, 31]]


def test_a_row_whose_pipeline_fails_keeps_its_place_in_a_group():
    inner = pipe.input("n").map("n", "m", fails_on(2)).output("m")
    p = pipe.input("x").flat_map("x", "n", range).map("n", "m", inner).reduce("m", "all", list).output("all")
    assert p.batch([4], on_error="none") == [[0, 1, None, 3]]


def test_a_failed_row_lies_in_the_window_of_its_time_and_without_one_in_none():
    timed = pipe.input("x").flat_map("x", ("n", "t"), lambda x: [(n, float(n)) for n in range(6)])
    values = timed.map("n", "v", fails_on(1, 4)).time_window("v", "all", "t", 3, 3, list).output("all")
    assert values.batch([0], on_error="none") == [[[0, None, 2], [3, None, 5]]]
    times = timed.map("t", "t", fails_on(1, 4)).time_window("n", "all", "t", 3, 3, list).output("all")
    assert times.batch([0], on_error="none") == [[[0, 2], [3, 5]]]


def test_windows_over_two_levels_see_failed_rows_at_their_time_and_none_of_a_failed_one():
    p = (
        pipe.input("x")
        .flat_map("x", ("frame", "t"), lambda x: [(n, n) for n in range(4)])
        .map("frame", "frame", fails_on(1))
        .flat_map("x", "clip", lambda x: [0, 2])
        .map("clip", "clip", fails_on(2))
        .flat_map("clip", ("sound", "s"), lambda clip: [(clip, clip), (clip + 1, clip + 1)])
        .time_window(("frame", "sound"), "all", ("t", "s"), 4, 4, lambda frames, sounds: (frames, sounds))
        .output("all")
    )
    assert p.batch([0], on_error="none") == [[([0, None, 2, 3], [0, 1])]]

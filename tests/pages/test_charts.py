"""Charts: round numbers along axes, points where they belong, nothing of a name is markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junco.pages.curves import MOST_POINTS, Curve, curves, thinned
from junco.pages.intervals import Interval, before_after, differences
from junco.pages.matrix import matrix
from junco.pages.scatter import MOST_POINTS as MOST_ITEMS
from junco.pages.scatter import scatter
from junco.pages.ticks import Axis

HOSTILE = "<script>alert(1)</script>\"' \x1b[31m"
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


def parsed(markup):
    """The drawing of a chart; markup that is no XML fails."""
    return ET.fromstring(f"<div>{markup}</div>")  # made here


def texts(markup):
    return [each.text for each in parsed(markup).iter("text")]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((0.4, 0.7), ["0.4", "0.5", "0.6", "0.7"]),
        ((0.02, 0.02), ["0.0190", "0.0195", "0.0200", "0.0205", "0.0210"]),
        ((0, 3e-4), ["0", "1e-04", "2e-04", "3e-04"]),
        ((0, 1234), ["0", "500", "1,000", "1,500"]),
        ((-0.1, 0.3), ["-0.1", "0", "0.1", "0.2", "0.3"]),
        ((), ["-5e-10", "0", "5e-10"]),
    ],
)
def test_an_axis_has_round_numbers(values, written):
    assert [text for _, text in Axis.around(values, 0, 1).ticks()] == written


@given(st.lists(NUMBERS, min_size=1, max_size=9))
def test_every_number_has_its_place_between_the_ends_of_an_axis(values):
    axis = Axis.around(values, 10, 110)
    assert all(10 - 1e-6 <= axis(value) <= 110 + 1e-6 for value in values)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 7
    assert len({text for _, text in ticks}) == len(ticks), "neighbours are told apart"


def test_curves_have_a_line_each_and_what_is_no_number_is_left_out():
    shown = [Curve("a", [(0, 0.5), (1, float("nan")), (2, 0.7)]), Curve(HOSTILE, [(0, 0.1), (2, 0.2)])]
    chart = curves("measures", shown, "epoch", (2, "best"))
    drawing = parsed(chart)
    assert len(list(drawing.iter("circle"))) == 4
    assert "best" in texts(chart)
    assert "<script" not in chart
    assert "\x1b" not in chart


def test_a_curve_of_one_point_is_no_chart():
    assert curves("loss", [Curve("loss", [(1, 2.0)])], "step") == ""
    assert curves("loss", [], "step") == ""


def test_of_many_points_the_means_of_neighbours_are_drawn():
    points = [(float(x), float(x % 2)) for x in range(10_000)]
    found = thinned(points)
    assert len(found) == MOST_POINTS
    assert all(abs(y - 0.5) < 0.02 for _, y in found)
    assert "circle" not in curves("loss", [Curve("loss", points)], "step")


def test_before_and_after_are_whiskers_and_a_measure_that_is_no_number_has_none():
    nan = float("nan")
    rows = {"map": (Interval(0.5, 0.4, 0.6), Interval(0.7, 0.6, 0.8)), HOSTILE: (Interval(nan, nan, nan),) * 2}
    chart = before_after(rows)
    spots = [each for each in parsed(chart).iter("circle") if each.find("title") is not None]
    assert [each.find("title").text for each in spots] == ["0.500 [0.400, 0.600]", "0.700 [0.600, 0.800]"]
    assert float(spots[0].get("cx")) < float(spots[1].get("cx"))
    assert "<script" not in chart


def test_a_difference_is_coloured_where_its_interval_does_not_reach_zero():
    chart = differences({"a": Interval(0.1, 0.05, 0.2), "b": Interval(-0.1, -0.2, -0.05), "c": Interval(0, -1, 1)})
    colours = [each.get("fill") for each in parsed(chart).iter("circle")]
    assert colours == ["var(--accent)", "var(--down)", "none"]


def test_a_plane_has_a_point_for_each_item_and_rings_where_asked():
    places = np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]], np.float32)
    chart = scatter("before", places, ["a", HOSTILE, "a"], ["x", HOSTILE, "z"], {"a": "#111111"}, {1})
    points = list(parsed(chart).iter("circle"))
    assert [each.get("stroke") for each in points] == ["none", "currentColor", "none"]
    assert points[0].find("title").text == "a: x"
    assert "<script" not in chart


def test_of_very_many_items_so_many_are_drawn_and_that_is_said():
    count = MOST_ITEMS + 500
    places = np.random.default_rng(0).random((count, 2)).astype(np.float32)
    chart = scatter("before", places, ["a"] * count, ["x"] * count, {})
    assert chart.count("<circle") == MOST_ITEMS
    assert "500 more items not drawn" in chart


def test_a_table_of_counts_says_how_much_is_right():
    table = matrix("after", ["a", HOSTILE], np.array([[3, 1], [0, 4]]))
    assert "87.5% right" in table
    assert re.findall(r"<td[^>]*>(\d+)</td>", table) == ["3", "1", "4"]
    assert "<script" not in table
    numbered = matrix("after", [f"label {n}" for n in range(12)], np.eye(12, dtype=np.int64))
    assert '<th scope="col" title="label 11">12</th>' in numbered

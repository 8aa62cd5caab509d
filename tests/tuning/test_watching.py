"""What is shown while a run trains."""

from __future__ import annotations

import io
import json
import sys

import pytest

from junco.train.history import Epoch
from junco.tuning.watching import JsonLines, Live, Together, Watching, epoch_line, watch_for

NAN = float("nan")


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def epoch(number, measure=0.5, loss=1.0, seconds=2.0):
    return Epoch(number, 10 * number, loss if number else NAN, 1e-3, seconds, {"recall@1": 0.7, "map": measure})


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_every_few_seconds_has_loss_rate_and_the_time_left(capsys, clock):
    watch = JsonLines("map", clock)
    watch.step(10, 100, 2.0, 1e-3)
    clock.now_s += 4
    watch.step(14, 100, 1.5, 1e-3)
    assert lines(capsys) == []  # too early
    clock.now_s += 6
    watch.step(30, 100, 1.23456789, 1e-4)
    watch.step(31, 100, 1.0, 1e-4)
    assert lines(capsys) == [{"step": 30, "steps": 100, "loss": 1.235, "lr": 1e-4, "left_s": 35.0}]


def test_the_time_left_is_that_of_this_process(clock):
    watch = Watching(clock=clock)
    assert watch.left_s(500, 1000) is None
    watch.step(500, 1000, 1.0, 1e-3)  # resumed
    assert watch.left_s(500, 1000) is None
    clock.now_s += 10
    watch.step(600, 1000, 1.0, 1e-3)
    assert watch.left_s(600, 1000) == 40.0


def test_an_epoch_is_a_line_with_its_measures_and_the_best_is_marked(capsys, clock):
    watch = JsonLines("map", clock)
    for number, measure in enumerate((0.5, 0.6, 0.55)):
        watch.epoch(epoch(number, measure))
        clock.now_s += 10
    found = lines(capsys)
    assert [line["best"] for line in found] == [False, True, False]
    assert found[0]["loss"] is None
    assert found[1] == {
        "epoch": 1, "step": 10, "loss": 1.0, "lr": 1e-3, "recall@1": 0.7, "map": 0.6, "seconds": 2.0, "best": True,
    }  # fmt: skip


def test_hundreds_of_quick_epochs_flood_nobody_and_the_best_and_the_last_are_shown(capsys, clock):
    with JsonLines("map", clock) as watch:
        for number in range(201):
            watch.epoch(epoch(number, 0.9 if number == 77 else 0.5))
            clock.now_s += 0.004
    assert [line["epoch"] for line in lines(capsys)] == [0, 77, 200]


def test_what_is_told_is_a_line_of_its_own(capsys):
    JsonLines("map").told("the rate was found: 0.01\x1b[31m")
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line
    assert json.loads(line)["told"].startswith("the rate was found: 0.01")


def test_on_a_terminal_epochs_stand_above_a_live_line(capsys, clock):
    with Live("map", clock) as watch:
        watch.told("a head of [bold]256 numbers\x1b[31m")
        watch.epoch(epoch(0, 0.5))
        watch.step(5, 20, 2.5, 1e-3)
        clock.now_s += 3
        watch.epoch(epoch(1, 0.6))
        watch.step(10, 20, 1.5, 1e-3)
    said = capsys.readouterr().err
    assert "a head of [bold]256 numbers" in said
    assert "before    recall@1 0.700  map 0.500" in said
    assert "epoch 1   loss 1.000  recall@1 0.700  map 0.600  2.0 s  best so far" in said


def test_a_terminal_has_a_bar_that_says_how_far_it_is(monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    watch = watch_for(None, "map")
    assert isinstance(watch, Live)
    watch.clock = clock
    with watch:
        watch.step(1, 30, 2.5, 1e-3)
        clock.now_s += 9
        watch.step(10, 30, 1.5, 3e-4)
        watch._rich.refresh()
    for part in ("epoch 1", "10/30", "loss 1.500", "rate 3.0e-04", "20.0 s left"):
        assert part in stream.getvalue()


def test_what_is_read_and_embedded_before_is_shown_too(capsys, monkeypatch, clock):
    watch = JsonLines("map", clock)
    watch.loading("decoding", 1, 50)
    clock.now_s += 6
    watch.loading("decoding", 20, 50)
    assert lines(capsys) == [{"loading": "decoding", "done": 20, "total": 50}]
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with Live("map", clock) as live:
        live.loading("decoding", 20, 50)
        live._rich.refresh()
    assert "decoding" in stream.getvalue()
    assert "20/50" in stream.getvalue()


def test_nothing_is_shown_where_nothing_is_wanted(capsys):
    with watch_for(False) as watch:
        watch.step(1, 2, 1.0, 1e-3)
        watch.epoch(epoch(0))
        watch.told("quiet")
    assert capsys.readouterr().err == ""


def test_elsewhere_than_on_a_terminal_there_is_json(capsys):
    with watch_for(None, "map") as watch:
        watch.epoch(epoch(0))
    assert lines(capsys)[0]["epoch"] == 0


def test_several_are_told_together(capsys, clock):
    one, other = Watching("map", clock), JsonLines("", clock)
    with Together([one, other]) as both:
        both.metric = "map"  # known once data was read
        both.loading("decoding", 1, 2)
        both.epoch(epoch(0))
        both.step(1, 2, 1.0, 1e-3)
        both.told("line")
    assert one.last.number == 0
    assert other.metric == "map"
    assert [*map(sorted, lines(capsys))][1] == ["told"]


def test_a_loss_that_is_no_number_has_no_digits():
    assert epoch_line(epoch(3, loss=NAN)) == "epoch 3   recall@1 0.700  map 0.500  2.0 s"

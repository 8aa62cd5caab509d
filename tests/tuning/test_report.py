"""What came of a run, as text and as JSON; of a real small one, and of made-up ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from junco.errors import TargetError
from junco.train.history import Epoch, History
from junco.tuning.report import TrainReport
from junco.tuning.report_page import body

NAN = float("nan")


def test_the_verdict_stands_first_and_what_to_type_last(report):
    lines = str(replace(report, folder=Path("textile-lite0"))).splitlines()
    assert lines[0] == str(report.verdict)
    assert lines[-1].split(maxsplit=1) == ["next", "Operator.load('textile-lite0')"]


def test_before_and_after_stand_side_by_side_with_their_intervals(report):
    said = str(report)
    before, after = (way.estimates["map"] for way in report.evaluation.ways)
    row = next(line for line in said.splitlines() if line.startswith("map"))
    assert [str(before), str(after)] == [part.strip() for part in row[3:].split("  ") if "+" not in part and part]
    assert "1,638,400 of 6,290,408 numbers, 6 epochs of 36 examples" in said
    assert said.count("best\n") == 1
    assert "the best of 6 epochs was chosen by the same items" in said


def test_columns_of_tables_are_aligned(report):
    head, *rows = [line for line in str(report).splitlines() if line.startswith(("epoch", *"0123456"))]
    end = head.index("recall@1") + len("recall@1")
    assert [row[end - 5 : end] for row in rows] == [
        f"{each.measures['recall@1']:.3f}" for each in report.history.epochs
    ]


def test_of_many_epochs_the_first_the_best_the_last_and_some_between_are_listed():
    history = History("map")
    for number in range(201):
        history.epochs.append(Epoch(number, number, NAN, 0.1, 1.0, {"map": 0.9 if number == 77 else number / 1000}))
    lines = str(TrainReport(name="x", history=history)).splitlines()
    numbers = [int(first) for first in (line.partition(" ")[0] for line in lines) if first.isdecimal()]
    assert len(numbers) <= 11
    assert {0, 77, 200} <= set(numbers)


def test_json_has_all_of_it_and_no_number_that_is_none(report, tmp_path):
    report.save(tmp_path / "report.json")

    def refuse(text):
        raise AssertionError(text)

    plain = json.loads((tmp_path / "report.json").read_text("utf-8"), parse_constant=refuse)
    assert plain["verdict"]["kind"] == report.verdict.kind
    assert plain["evaluation"]["ways"][1]["gains"]["map"]["mean"] == pytest.approx(report.readings.gain.mean)
    assert plain["history"]["epochs"][0]["loss"] is None
    assert plain["history"]["best"] == report.history.best.number
    assert plain["mistakes"]["labels"] == ["global", "local", "nominal"]
    assert sum(map(sum, plain["mistakes"]["confusion"]["after"])) == 24
    assert plain["bridge"] == {"is_there": False, "why_not": "it was trained by hand"}


def test_it_is_short_where_it_is_only_named(report):
    assert (
        repr(report)
        == f"<training of {report.name}, head: {report.verdict.kind}, map {report.readings.gain.mean:+.3f}>"
    )


def test_a_run_without_anything_held_out_still_has_a_report():
    history = History("knn@5", epochs=[Epoch(0, 0, NAN, 0.0, 0.0, {"knn@5": 0.5})], ending="interrupted")
    found = TrainReport(name="text-embedding.minilm", scope=("layers.10", "layers.11"), history=history)
    said = str(found)
    assert said.startswith("Nothing was held out, so nobody knows whether this is better.")
    assert "scope layers.10, layers.11" in said
    assert "interrupted, the best so far is kept" in said
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["evaluation"] is None


def test_a_run_whose_first_epoch_was_the_best_keeps_what_was_there(report):
    history = History(
        "map", epochs=[replace(each, measures={"map": 0.6 - each.number / 100}) for each in report.history.epochs]
    )
    same = replace(
        report.evaluation.ways[0],
        gains={k: replace(v, mean=0.0, low=0.0, high=0.0) for k, v in report.evaluation.ways[1].gains.items()},
    )
    evaluation = replace(report.evaluation, ways=(report.evaluation.ways[0], same))
    found = replace(report, history=history, evaluation=evaluation)
    assert found.verdict.kind == "worse"
    assert found.to_dict()["is_parent_kept"]


def test_what_names_hold_reaches_no_terminal():
    hostile = "\x1b[31mred\nline"
    said = str(TrainReport(name=hostile, told=(hostile,), rejects={hostile: hostile}))
    assert "\x1b" not in said
    assert "left out" in said


def test_many_that_were_left_out_are_counted():
    said = str(TrainReport(name="x", rejects={f"{number}.jpg": "broken" for number in range(8)}))
    assert said.count("broken") == 5
    assert "and 3 more" in said


def test_many_lines_that_were_told_are_counted_and_the_page_has_them_all():
    found = TrainReport(name="x", told=tuple(f"line {number}!" for number in range(9)))
    assert "told     and 4 more" in str(found)
    assert "line 8!" not in str(found)
    assert "line 8!" in body(found)


def test_an_epoch_0_that_is_best_by_no_measure_keeps_nothing(report):
    history = History("ndcg@10", epochs=report.history.epochs)
    assert replace(report, history=history).verdict.kind == report.verdict.kind


def test_a_report_is_written_by_the_ending_of_its_name(report, tmp_path):
    report.save(tmp_path / "report.txt")
    assert (tmp_path / "report.txt").read_text("utf-8") == f"{report}\n"
    with pytest.raises(TargetError, match=r"as \.html, \.json, \.txt"):
        report.save(tmp_path / "report.pdf")
    with pytest.raises(TargetError, match="cannot be written"):
        report.save(tmp_path / "nowhere" / "report.json")

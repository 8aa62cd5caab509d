"""What a pipeline tells of itself: rows, times, the stage that binds, a trace."""

from __future__ import annotations

import itertools
import json
import time

import pytest

from junco import Operator, pipe
from junco.engine.stats import PipelineStats, StageStats, Totals
from junco.engine.trace import Trace
from junco.errors import TargetError


def stage(name, item_s, *, limit=1, num_items=10, rows_an_item=1):
    """A warm stage that takes ``item_s`` for an item."""
    made = StageStats(name, limit)
    for _ in range(num_items):
        made.observe(rows_an_item, 1, item_s)
    return made


def stats(*stages, num_cores=4, wall_s=1.0):
    return PipelineStats(stages, wall_s, 10, num_cores)


# ---- numbers


def test_a_stage_adds_up_its_tasks():
    made = StageStats("embed")
    made.observe(64, 8, 2.0, wait_s=0.5)
    made.observe(32, 4, 1.0, wait_s=0.25)
    assert (made.num_tasks, made.num_rows, made.num_items) == (2, 96, 12)
    assert (made.seconds, made.wait_s) == (3.0, 0.75)


def test_the_slowest_stage_is_known_after_each_task_of_any():
    stages = [stage(str(index), 0.0, num_items=1) for index in range(4)]
    totals = Totals(stages)
    for index, seconds in ((0, 2.0), (1, 8.0), (2, 4.0), (1, 0.0), (1, 0.0), (3, 1.0), (2, 0.0), (0, 9.0), (1, 0.5)):
        stages[index].observe(1, 1, seconds)
        assert totals.slowest_item_s(stages[index]) == max(each.item_s for each in stages)
    stages[3].observe_call(99.0)
    assert totals.slowest_item_s() == stages[3].item_s


def test_the_first_task_warms_up_and_says_nothing_of_the_next_ones():
    made = StageStats("embed")
    made.observe(8, 1, 100.0)
    assert (made.is_warm, made.item_s) == (False, 100.0)
    made.observe(16, 2, 4.0)
    assert (made.is_warm, made.item_s, made.row_s) == (True, 2.0, 0.25)


def test_a_stage_that_has_not_run_takes_no_time():
    assert (StageStats("embed").item_s, StageStats("embed").row_s) == (0.0, 0.0)


def test_single_calls_count_like_tasks_of_one_row():
    made = StageStats("embed")
    for seconds in (5.0, 1.0, 1.0):
        made.observe_call(seconds)
    assert (made.num_tasks, made.num_rows, made.num_items, made.item_s) == (3, 3, 3, 1.0)


# ---- advice


def test_the_stage_that_needs_longest_given_its_workers_binds():
    decode, embed = stage("decode", 0.3, limit=4), stage("embed", 0.2)
    assert stats(decode, embed).binding is embed
    assert stats(decode, embed, num_cores=1).binding is decode


def test_advice_names_the_slow_stage_its_share_and_what_would_help():
    advice = stats(stage("decode", 0.010), stage("embed", 0.030)).advice
    assert advice.startswith("'embed' binds: 75% of the work, 30.00 ms an item, 1 at a time")
    assert "workers=4" in advice


def test_advice_for_a_stage_on_all_cores_is_no_more_workers():
    advice = stats(stage("embed", 0.030, limit=4)).advice
    assert "on all 4 cores" in advice
    assert "workers" not in advice


def test_before_anything_has_run_there_is_no_advice():
    empty = stats(StageStats("embed"))
    assert empty.binding is None or empty.advice == "nothing has run yet"
    assert empty.advice == "nothing has run yet"
    assert empty.predicted_s(100) == 0.0


def test_the_predicted_time_is_that_of_the_binding_stage_or_of_all_work_on_all_cores():
    assert stats(stage("decode", 0.1), stage("embed", 0.3)).predicted_s(100) == pytest.approx(30)
    many = [stage(str(i), 0.1) for i in range(8)]
    assert stats(*many).predicted_s(100) == pytest.approx(20)


def test_stats_print_one_line_for_each_stage_and_the_advice():
    lines = str(stats(stage("decode", 0.010), stage("embed", 0.030, rows_an_item=3))).splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["decode", "embed"]
    assert lines[2].split()[1:4] == ["30", "10.000", "30%"]
    assert lines[-1].startswith("'embed' binds")


def test_stats_as_plain_values_are_json():
    read = json.loads(json.dumps(stats(stage("embed", 0.030)).to_dict()))
    assert (read["num_items"], read["stages"][0]["name"], read["stages"][0]["num_rows"]) == (10, "embed", 10)
    assert read["stages"][0]["item_s"] == pytest.approx(0.030)


# ---- of a pipeline


class Eights(Operator, family="stats-test", name="eights"):
    hints = Operator.hints

    def batch(self, numbers):
        return list(numbers)


def spread():
    return (
        pipe.input("x")
        .flat_map("x", "n", range, name="spread")
        .filter("n", "n", "n", lambda n: n % 2, name="odd")
        .map("n", "m", Eights().spec, name="work")
        .output("m")
    )


def test_a_run_counts_the_rows_and_items_of_each_stage():
    with spread() as p:
        p.batch([10] * 20)
        seen = p.stats()
    assert [(s.name, s.num_rows, s.num_items) for s in seen.stages] == [
        ("spread", 20, 20),
        ("odd", 200, 20),
        ("work", 100, 20),
    ]
    assert seen.num_items == 20
    assert seen.wall_s > 0
    assert all(s.seconds > 0 and s.num_tasks > 0 for s in seen.stages)


class Loads(Operator, family="stats-test", name="loads"):
    """It takes a while to open, and so does what it opens."""

    def open(self):
        end = time.perf_counter() + LOADING_S
        while time.perf_counter() < end:
            pass
        Eights().ensure_open()

    def batch(self, numbers):
        return list(numbers)


LOADING_S = 0.3


def test_what_loading_takes_is_no_time_of_the_rows(tmp_path):
    with pipe.input("x").map("x", "y", Loads().spec, name="work").output("y") as p:
        report = p.run(range(4), tmp_path / "numbers.parquet", progress=False)
        (work,) = p.stats().stages
        (told,) = report.stats.stages
    for seen in (work, told):
        assert LOADING_S <= seen.loading_s < 2 * LOADING_S + 1
        assert seen.seconds < LOADING_S
        assert seen.item_s < LOADING_S / 4
    assert f"besides, loading took: work {work.loading_s:.1f}s" in str(report.stats)
    with pipe.input("x").map("x", "y", Loads().spec, name="work").output("y").prepare() as p:
        p.batch(range(4))
        assert p.stats().stages[0].loading_s < LOADING_S


def test_what_several_tasks_load_together_takes_its_time_once():
    work = StageStats("work", 4)
    for span in [(10.0, 12.0), (10.5, 12.1), (9.0, 12.0), (100.0, 101.5), (100.5, 101.0)]:
        work.observe_loading(span)
    assert work.loading_s == pytest.approx(3.1 + 1.5)
    assert "loading" not in PipelineStats((work,), 1.0, 1, 4).to_dict()["stages"][0]


def test_runs_and_single_calls_add_up():
    with pipe.input("x").map("x", "y", lambda x: x, name="same").output("y") as p:
        p.batch(range(10))
        p.batch(range(10))
        p(1)
        seen = p.stats()
    assert (seen.num_items, seen.stages[0].num_rows) == (21, 21)


def test_a_pipeline_that_has_not_run_says_so():
    with spread() as p:
        assert p.stats().advice == "nothing has run yet"


def test_stats_can_be_asked_while_a_stream_is_open():
    with spread() as p:
        stream = p.stream(itertools.count())
        next(stream), next(stream)
        seen = p.stats()
        assert seen.stages[0].num_items >= 2
        assert seen.wall_s > 0
        stream.close()


def test_bytes_are_counted_where_they_leave_a_stage():
    with pipe.input("x").map("x", "y", lambda x: bytes(100_000), name="big").output("y") as p:
        p.batch(range(10))
        (seen,) = p.stats().stages
    assert 1_000_000 <= seen.num_bytes < 1_100_000


def test_the_slow_stage_of_a_pipeline_is_named():
    def slow(x):
        return sum(range(20_000)) + x

    with pipe.input("x").map("x", "y", abs, name="quick").map("y", "z", slow, name="slow").output("z") as p:
        p.batch(range(200))
        assert p.stats().binding.name == "slow"
        assert p.stats().advice.startswith("'slow' binds")


# ---- the trace


def test_a_trace_is_a_file_that_trace_viewers_read(tmp_path):
    path = tmp_path / "trace.json"
    trace = Trace.to(path)
    trace.add("embed", 1.5, 0.25, thread=7, num_rows=64)
    trace.write()
    assert json.loads(path.read_text()) == {
        "traceEvents": [
            {"name": "embed", "ph": "X", "ts": 1.5e6, "dur": 0.25e6, "pid": 1, "tid": 7, "args": {"rows": 64}}
        ]
    }


def test_a_trace_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
    ran = []
    with (
        pipe.input("x").map("x", (), ran.append).output("x") as p,
        pytest.raises(TargetError, match="cannot be written"),
    ):
        p.batch([1], trace=tmp_path / "missing" / "trace.json")
    assert not ran


def traced(p, items, path, **options):
    list(p.stream(items, trace=path, **options))
    return json.loads(path.read_text())["traceEvents"]


def test_a_run_writes_each_task_to_its_trace(tmp_path):
    with spread() as p:
        events = traced(p, [10] * 20, tmp_path / "trace.json")
        tasks = {stage.name: stage.num_tasks for stage in p.stats().stages}
    named = [event["name"] for event in events]
    assert {name: named.count(name) for name in tasks} == tasks
    assert all(event["ph"] == "X" and event["dur"] >= 0 and event["args"]["rows"] > 0 for event in events)
    assert sum(event["args"]["rows"] for event in events if event["name"] == "work") == 100


def test_a_run_that_fails_writes_its_trace_too(tmp_path):
    path = tmp_path / "trace.json"
    with pipe.input("x").map("x", "y", lambda x: 1 // x, name="divide").output("y") as p:
        with pytest.raises(Exception, match="division"):
            list(p.stream([1, 2, 0], trace=path))
        assert {event["name"] for event in json.loads(path.read_text())["traceEvents"]} == {"divide"}


def test_a_run_that_nobody_closes_writes_its_trace_at_its_end(tmp_path):
    with spread() as p:
        assert {event["name"] for event in traced(p, [3], tmp_path / "trace.json")} == {"spread", "odd", "work"}
